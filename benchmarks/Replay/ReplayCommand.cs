using System.CommandLine;

namespace Kappa.Iot.Benchmarks.Replay;

internal static class ReplayCommand
{
    public static Command Create()
    {
        var vehicles = BenchmarkOptions.Whole("--vehicles", "Vehicles whose past is scored.", 10_000);
        var minutes = BenchmarkOptions.Whole("--minutes", "How long that past is.", 60);
        var command = new Command("replay", "Scoring the past again: reprocess with the full detector, from embedded-kafka into a generation, exactly once.")
        {
            vehicles, minutes, BenchmarkOptions.Json,
        };
        command.SetAction((parsed, cancel) => ReplayBenchmark.RunAsync(parsed.GetValue(vehicles), parsed.GetValue(minutes), parsed.GetValue(BenchmarkOptions.Json), cancel));
        return command;
    }
}
