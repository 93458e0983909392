using System.CommandLine;
using Kappa.Iot.Contracts;
using Kappa.Iot.Streaming.Models;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kappa.Iot.TrainingJob.Commands;

/// <summary><c>retire</c>: a model that nothing is to go back to.</summary>
internal static class RetireCommand
{
    public static Command Create(Screen screen)
    {
        var id = new Argument<string>("MODEL_ID") { Description = "As 'train' or 'list' shows it." };
        var kafka = LogOption.Create();
        var decision = new DecisionOptions();
        var command = new Command("retire", "Takes a model out of use: it is no longer on trial, and 'rollback' passes it over. The active model cannot be retired.") { id, kafka };
        decision.AddTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            var registry = new ModelRegistry(await LogOption.ConnectAsync(parsed.GetValue(kafka)!), NullLogger.Instance);
            var version = await registry.MoveAsync(parsed.GetValue(id)!, ModelStage.Retired, decision.Read(parsed), cancel);
            screen.Say($"{version.ModelId} is retired.");
            return 0;
        });
        return command;
    }
}
