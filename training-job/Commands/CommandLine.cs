using System.CommandLine;
using Confluent.Kafka;
using Kappa.Iot.Contracts;
using Kappa.Iot.Detection.Training;
using Kappa.Iot.Streaming.Models;

namespace Kappa.Iot.TrainingJob.Commands;

/// <summary>The commands of the training job and their exit codes: 0 done, 1 failed, 2 wrong usage; <c>drift</c> has 3 for drifted.</summary>
public static class CommandLine
{
    /// <summary>Runs one command.</summary>
    /// <param name="args">As typed.</param>
    /// <param name="screen">Where it writes.</param>
    /// <param name="cancel">Stops it, besides Ctrl-C.</param>
    public static Task<int> RunAsync(string[] args, Screen screen, CancellationToken cancel = default)
    {
        var root = new RootCommand("Trains, evaluates and promotes the models that score vehicles.")
        {
            TrainCommand.Create(screen),
            EvaluateCommand.Create(screen),
            RegisterCommand.Create(screen),
            ExportCommand.Create(screen),
            PromoteCommand.Create(screen),
            RollbackCommand.Create(screen),
            ShadowCommand.Create(screen),
            RetireCommand.Create(screen),
            ImportCommand.Create(screen),
            BacktestCommand.Create(screen),
            DriftCommand.Create(screen),
            ListCommand.Create(screen),
            ShowCommand.Create(screen),
        };
        return CommandRun.RunAsync(root, args, screen, "Use --help to see how it is used.", IsExpected, cancel);
    }

    private static bool IsExpected(Exception e) =>
        e is TrainingException or ModelRegistryException or KafkaException or TraceFormatException or InvalidDataException or IOException or UnauthorizedAccessException;
}
