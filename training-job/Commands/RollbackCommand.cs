using System.CommandLine;
using Kappa.Iot.Streaming.Models;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kappa.Iot.TrainingJob.Commands;

/// <summary><c>rollback</c>: back to the model that was active before.</summary>
internal static class RollbackCommand
{
    public static Command Create(Screen screen)
    {
        var profile = new Option<string>("--profile") { Description = "The kind of vehicle.", HelpName = "P", Required = true };
        var kafka = LogOption.Create();
        var decision = new DecisionOptions();
        var command = new Command("rollback", "Makes the model active that was so before the present one; again, the one before that. Models retired by hand are passed over.") { profile, kafka };
        decision.AddTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            var registry = new ModelRegistry(await LogOption.ConnectAsync(parsed.GetValue(kafka)!), NullLogger.Instance);
            var before = (await registry.ReadAllAsync(cancel)).Active.GetValueOrDefault(parsed.GetValue(profile)!)?.ModelId;
            var asked = decision.Read(parsed);
            var active = await registry.RollBackAsync(parsed.GetValue(profile)!, asked with { Reason = asked.Reason.Length > 0 ? asked.Reason : $"rolled back from {before}" }, cancel);
            screen.Say($"{active.ModelId} scores the profile {active.Profile} again, by {active.PromotedBy}. It was {before}, which is retired.");
            return 0;
        });
        return command;
    }
}
