using System.CommandLine;
using System.Runtime.InteropServices;
using Kappa.Iot.Demo;

// The first Ctrl-C (or SIGTERM) drains and stops everything in order; the second one gives up at once.
using var stop = new CancellationTokenSource();
void Stop(PosixSignalContext signal)
{
    if (stop.IsCancellationRequested) return;
    signal.Cancel = true;
    stop.Cancel();
}

using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);

var command = DemoCommand.Build().Parse(args);
var exitCode = await command.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null }, stop.Token);
return command.Errors.Count > 0 ? 2 : exitCode;
