using System.CommandLine;
using Kappa.Iot.Simulator.CommandLine;

var root = new RootCommand("Virtual vehicles over MQTT, for Kappa.Iot.")
{
    FleetCommand.Create(),
};

var parsed = root.Parse(args);
// The commands handle Ctrl-C themselves: they drain first.
var code = await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null, EnableDefaultExceptionHandler = false });
return parsed.Errors.Count > 0 ? ExitCode.WrongUsage : code;
