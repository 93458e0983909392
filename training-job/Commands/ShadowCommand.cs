using System.CommandLine;
using Kappa.Iot.Contracts;
using Kappa.Iot.Detection;
using Kappa.Iot.Streaming.Models;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kappa.Iot.TrainingJob.Commands;

/// <summary><c>shadow</c>: a model on trial beside the active one.</summary>
internal static class ShadowCommand
{
    public static Command Create(Screen screen)
    {
        var id = new Argument<string>("MODEL_ID") { Description = "As 'train' or 'list' shows it." };
        var off = new Option<bool>("--off") { Description = "End the trial: the model is a candidate again." };
        var kafka = LogOption.Create();
        var decision = new DecisionOptions();
        var command = new Command("shadow", "Puts a model on trial: scorers score with it beside the active one, and it raises no alerts. A profile may have several.") { id, off, kafka };
        decision.AddTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            var modelId = parsed.GetValue(id)!;
            var registry = new ModelRegistry(await LogOption.ConnectAsync(parsed.GetValue(kafka)!), NullLogger.Instance);
            var version = (await registry.ReadAllAsync(cancel)).Find(modelId);
            if (parsed.GetValue(off))
            {
                if (version.Stage != ModelStage.Shadow) throw new CommandException($"Model '{modelId}' is not on trial. 'list' shows the stages.");
                await registry.MoveAsync(modelId, ModelStage.Candidate, decision.Read(parsed), cancel);
                screen.Say($"{modelId} is a candidate again.");
                return 0;
            }
            // What cannot be loaded here could not be loaded by a scorer.
            ModelArtifact.Load(modelId, await registry.ReadArtifactAsync(version, cancel));
            await registry.MoveAsync(modelId, ModelStage.Shadow, decision.Read(parsed), cancel);
            screen.Say($"{modelId} is on trial for the profile {version.Profile}. 'shadow {modelId} --off' ends it, 'promote {modelId}' makes it active.");
            return 0;
        });
        return command;
    }
}
