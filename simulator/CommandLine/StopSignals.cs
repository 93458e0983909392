using System.Runtime.InteropServices;

namespace Kappa.Iot.Simulator.CommandLine;

/// <summary>
/// Ctrl-C and SIGTERM ask for a clean stop; a second Ctrl-C ends at once. With <c>KAPPA_STOP_ON_STDIN_CLOSE=true</c> the program belongs to
/// another one: then the end of standard input asks for it, and a Ctrl-C at the terminal, which reaches all processes, leaves that to the parent.
/// </summary>
internal sealed class StopSignals : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly bool _isChild = bool.TryParse(Environment.GetEnvironmentVariable("KAPPA_STOP_ON_STDIN_CLOSE"), out var wanted) && wanted;
    private readonly PosixSignalRegistration[] _signals;

    public StopSignals() => _signals = [_isChild ? PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => signal.Cancel = true) : Register(PosixSignal.SIGINT), Register(PosixSignal.SIGTERM)];

    public CancellationToken Token => _stop.Token;

    /// <summary>Hands every line of standard input on. Standard input may end at any time.</summary>
    public void ListenToStandardInput(Action<string> line)
    {
        // Reading the console cannot be cancelled, so it has a thread of its own that does not keep the process alive.
        new Thread(() =>
        {
            while (Console.In.ReadLine() is { } text) line(text);
            if (_isChild) Stop();
        })
        { IsBackground = true, Name = "standard input" }.Start();
    }

    public void Dispose()
    {
        foreach (var signal in _signals) signal.Dispose();
        // The source stays: the reader of standard input may still ask for a stop.
    }

    private PosixSignalRegistration Register(PosixSignal signal) => PosixSignalRegistration.Create(signal, context =>
    {
        context.Cancel = !_stop.IsCancellationRequested;
        Stop();
    });

    private void Stop() => _stop.Cancel();
}
