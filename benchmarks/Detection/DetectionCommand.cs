using System.CommandLine;

namespace Kappa.Iot.Benchmarks.Detection;

internal static class DetectionCommand
{
    public static Command Create()
    {
        var seconds = BenchmarkOptions.Number("--seconds", "How long each side is measured.", 5);
        var command = new Command(
            "detection", "Scoring a batch of 10 samples x 24 signals, features and models, beside ML.NET's PredictionEngine and Transform on the same models: CPU time.")
        {
            seconds, BenchmarkOptions.Json,
        };
        command.SetAction(parsed => DetectionBenchmark.Run(TimeSpan.FromSeconds(parsed.GetValue(seconds)), parsed.GetValue(BenchmarkOptions.Json)));
        return command;
    }
}
