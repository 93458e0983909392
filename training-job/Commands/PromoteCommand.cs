using System.CommandLine;
using Kappa.Iot.Detection;
using Kappa.Iot.Streaming.Models;
using Kappa.Iot.TrainingJob.Terminal;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kappa.Iot.TrainingJob.Commands;

/// <summary><c>promote</c>: makes a model the one that scores its profile.</summary>
internal static class PromoteCommand
{
    public static Command Create(Screen screen)
    {
        var id = new Argument<string>("MODEL_ID") { Description = "As 'train' or 'list' shows it." };
        var by = new Option<string>("--by") { Description = "Who decides so.", DefaultValueFactory = _ => Environment.UserName };
        var kafka = LogOption.Create();
        var command = new Command("promote", "Makes a model the active one of its profile; running scorers take it up.") { id, by, kafka };
        command.SetAction(async (parsed, cancel) =>
        {
            var modelId = parsed.GetValue(id)!;
            var registry = new ModelRegistry(await LogOption.ConnectAsync(parsed.GetValue(kafka)!), NullLogger.Instance);
            // What cannot be loaded here could not be loaded by a scorer.
            ModelArtifact.Load(modelId, await registry.ReadArtifactAsync(modelId, cancel));
            var active = await registry.PromoteAsync(modelId, parsed.GetValue(by)!, TimeProvider.System.GetUtcNow(), cancel);
            var before = active.PreviousModelId.Length > 0 ? $" It was {active.PreviousModelId}." : "";
            screen.Say($"{active.ModelId} scores the profile {active.Profile} now, by {active.PromotedBy}.{before}");
            return 0;
        });
        return command;
    }
}
