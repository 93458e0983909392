using System.CommandLine;
using System.Runtime.InteropServices;
using Confluent.Kafka;
using Kappa.Iot.Contracts;
using Kappa.Iot.Detection.Training;
using Kappa.Iot.Streaming.Models;
using Kappa.Iot.TrainingJob.Terminal;

namespace Kappa.Iot.TrainingJob.Commands;

/// <summary>The commands of the training job and their exit codes: 0 done, 1 failed, 2 wrong usage; <c>drift</c> has 3 for drifted.</summary>
public static class CommandLine
{
    /// <summary>Set where another program started this one: it stops when its standard input ends.</summary>
    private const string StopWithParent = "KAPPA_STOP_ON_STDIN_CLOSE";

    /// <summary>Runs one command.</summary>
    /// <param name="args">As typed.</param>
    /// <param name="screen">Where it writes.</param>
    /// <param name="cancel">Stops it, besides Ctrl-C.</param>
    public static async Task<int> RunAsync(string[] args, Screen screen, CancellationToken cancel = default)
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
        var parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            foreach (var error in parsed.Errors) screen.Say(error.Message);
            screen.Say("Use --help to see how it is used.");
            return 2;
        }

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => { signal.Cancel = true; Stop(stop); });
        if (Environment.GetEnvironmentVariable(StopWithParent) is "true" or "1") new Thread(() => WaitForParent(stop)) { IsBackground = true }.Start();
        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, Output = screen.Results }, stop.Token);
        }
        catch (OperationCanceledException)
        {
            screen.Say("Stopped before it was done.");
            return 1;
        }
        catch (Exception e) when (IsExpected(e))
        {
            screen.Say(e.Message);
            return 1;
        }
    }

    private static bool IsExpected(Exception e) =>
        e is CommandException or TrainingException or ModelRegistryException or KafkaException or TraceFormatException or InvalidDataException or IOException or UnauthorizedAccessException;

    private static void WaitForParent(CancellationTokenSource stop)
    {
        while (Console.In.ReadLine() is not null) { }
        Stop(stop);
    }

    private static void Stop(CancellationTokenSource stop)
    {
        try
        {
            stop.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The command was done first.
        }
    }
}
