using System.CommandLine;
using System.Runtime.InteropServices;

namespace Kappa.Iot.Terminal;

/// <summary>Runs one command of a program that works and ends; exit codes: 0 done, 1 failed, 2 wrong usage.</summary>
public static class CommandRun
{
    /// <summary>Set where another program started this one: it stops when its standard input ends.</summary>
    private const string StopWithParent = "KAPPA_STOP_ON_STDIN_CLOSE";

    private static readonly TimeSpan StopWithin = TimeSpan.FromSeconds(20);

    /// <summary>Runs what was typed until it is done, or stopped by Ctrl-C or SIGTERM.</summary>
    /// <param name="root">The program's commands.</param>
    /// <param name="args">As typed.</param>
    /// <param name="screen">Where it writes.</param>
    /// <param name="hint">Said after what is wrong with the usage.</param>
    /// <param name="expected">Whether an exception's message tells a person all there is to know; any other one is a defect and goes through. A <see cref="CommandException"/> always does.</param>
    /// <param name="cancel">Stops it too.</param>
    public static async Task<int> RunAsync(RootCommand root, string[] args, Screen screen, string hint, Func<Exception, bool> expected, CancellationToken cancel = default)
    {
        var parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            foreach (var error in parsed.Errors) screen.Say(error.Message);
            screen.Say(hint);
            return 2;
        }

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => { signal.Cancel = true; Stop(stop); });
        if (Environment.GetEnvironmentVariable(StopWithParent) is "true" or "1") new Thread(() => WaitForParent(stop)) { IsBackground = true }.Start();
        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, Output = screen.Results, ProcessTerminationTimeout = StopWithin }, stop.Token);
        }
        catch (OperationCanceledException)
        {
            screen.Say("Stopped before it was done.");
            return 1;
        }
        catch (Exception e) when (e is CommandException || expected(e))
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
