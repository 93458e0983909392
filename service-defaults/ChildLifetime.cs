using System.Runtime.InteropServices;
using Microsoft.Extensions.Hosting;

namespace Kappa.Iot.ServiceDefaults;

/// <summary>
/// The lifetime of a service that another program started with <c>KAPPA_STOP_ON_STDIN_CLOSE=true</c>: it stops cleanly when its standard
/// input ends or at SIGTERM. So the parent can stop it the same way on every operating system, it never outlives a parent that died, and
/// a Ctrl-C at the terminal, which reaches all processes at once, leaves the order of stopping to the parent.
/// </summary>
internal sealed class ChildLifetime(IHostApplicationLifetime application) : IHostLifetime, IDisposable
{
    public const string Switch = "KAPPA_STOP_ON_STDIN_CLOSE";

    private readonly List<PosixSignalRegistration> _signals = [];

    public Task WaitForStartAsync(CancellationToken cancellationToken)
    {
        _signals.Add(PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => signal.Cancel = true));
        _signals.Add(PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal =>
        {
            signal.Cancel = true;
            application.StopApplication();
        }));

        // Reading the console cannot be cancelled, so it has a thread of its own that does not keep the process alive.
        new Thread(WaitForEnd) { IsBackground = true, Name = "stop with parent" }.Start();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _signals.ForEach(signal => signal.Dispose());

    private void WaitForEnd()
    {
        while (Console.In.ReadLine() is not null) { }
        application.StopApplication();
    }
}
