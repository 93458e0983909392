using System.CommandLine;
using System.CommandLine.Invocation;
using Kappa.Iot.Simulator.CommandLine;

var root = new RootCommand("Virtual vehicles over MQTT, for Kappa.Iot.")
{
    FleetCommand.Create(),
    ReplayCommand.Create(),
};

var parsed = root.Parse(args);
if (parsed.Action is ParseErrorAction wrong)
{
    wrong.ShowHelp = false;
    await Console.Error.WriteLineAsync("Wrong usage (--help tells more):");
}

// The commands handle Ctrl-C themselves: they drain first.
var code = ExitCode.Failed;
try
{
    code = await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null, EnableDefaultExceptionHandler = false });
}
catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException)
{
    await Console.Error.WriteLineAsync(e.Message);
}

return parsed.Errors.Count > 0 ? ExitCode.WrongUsage : code;
