using System.CommandLine;
using Kappa.Iot.Benchmarks.Detection;
using Kappa.Iot.Benchmarks.Fleet;
using Kappa.Iot.Benchmarks.Log;
using Kappa.Iot.Benchmarks.Replay;
using Kappa.Iot.Benchmarks.Scorer;

var command = new RootCommand("Measures ours beside its peers: the same work, in turn, in one run. Ratios count; absolute figures depend on the machine.")
{
    LogCommand.Create(), DetectionCommand.Create(), FleetCommand.Create(), ScorerCommand.Create(), ReplayCommand.Create(),
}.Parse(args);
var exitCode = await command.InvokeAsync();
return command.Errors.Count > 0 ? 2 : exitCode;
