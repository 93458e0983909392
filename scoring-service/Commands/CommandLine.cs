using System.CommandLine;
using System.Runtime.InteropServices;
using Confluent.Kafka;
using Kappa.Iot.Streaming.Models;
using Kappa.Iot.TrainingJob;
using Kappa.Iot.TrainingJob.Terminal;

namespace Kappa.Iot.ScoringService.Commands;

/// <summary>What the scorer does besides scoring live; exit codes: 0 done, 1 failed, 2 wrong usage.</summary>
internal static class CommandLine
{
    /// <summary>Stands in the service's help.</summary>
    public const string Verbs = """
        Without a verb it is the service. With one it does a piece of work and ends (VERB --help tells more):
          reprocess     score a range of telemetry again, beside the live scores
          compare       what two generations of scores and alerts differ in
          generations   which generations there are
          cutover       put a generation's alerts in the place of the live ones
          discard       delete a generation
        """;

    /// <summary>Set where another program started this one: it stops when its standard input ends.</summary>
    private const string StopWithParent = "KAPPA_STOP_ON_STDIN_CLOSE";

    /// <summary>Whether the first word is a verb, rightly spelt or not: settings begin with a dash.</summary>
    public static bool IsVerb(string[] args) => args is [{ Length: > 0 } first, ..] && first[0] is not ('-' or '/') && !first.Contains('=');

    public static async Task<int> RunAsync(string[] args, Screen screen, TimeProvider time)
    {
        var root = new RootCommand("Scores telemetry again and compares the outcome. Without a verb this program is the scoring service.")
        {
            ReprocessCommand.Create(screen, time),
            CompareCommand.Create(screen),
            GenerationsCommand.Create(screen),
            CutoverCommand.Create(screen, time),
            DiscardCommand.Create(screen),
        };
        var parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            foreach (var error in parsed.Errors) screen.Say(error.Message);
            screen.Say("Use VERB --help to see how it is used; --help alone shows the service's settings and the verbs.");
            return 2;
        }

        using var stop = new CancellationTokenSource();
        using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => { signal.Cancel = true; Stop(stop); });
        if (Environment.GetEnvironmentVariable(StopWithParent) is "true" or "1") new Thread(() => WaitForParent(stop)) { IsBackground = true }.Start();
        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, Output = screen.Results, ProcessTerminationTimeout = TimeSpan.FromSeconds(20) }, stop.Token);
        }
        catch (OperationCanceledException)
        {
            screen.Say("Stopped before it was done.");
            return 1;
        }
        catch (Exception e) when (e is CommandException or GenerationInUseException or ModelRegistryException or KafkaException or InvalidDataException or IOException or UnauthorizedAccessException)
        {
            screen.Say(e.Message);
            return 1;
        }
    }

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
