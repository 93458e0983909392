using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Kappa.Iot.Benchmarks.Log;
using Kappa.Iot.Benchmarks.Scorer;
using Kappa.Iot.Contracts;
using Kappa.Iot.Streaming;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kappa.Iot.Benchmarks.Replay;

/// <summary><c>reprocess</c> of the past of many vehicles: read, scored with the full detector and written as a generation, exactly once.</summary>
internal static class ReplayBenchmark
{
    private const int RealTimeVehicles = 10_000;

    public static async Task<int> RunAsync(int vehicles, int minutes, bool json, CancellationToken cancel)
    {
        var artifact = BenchmarkModel.Train();
        await using var log = await ServerProcess.StartAsync(ServerKind.Ours, cancel);
        var kafka = new KafkaOptions { BootstrapServers = log.Address, Partitions = ScorerPlan.Partitions };
        await TopicSetup.EnsureAsync(kafka, NullLogger.Instance, cancel);
        var model = await BenchmarkModel.PromoteAsync(kafka, artifact, cancel);
        using (var load = new FleetLoad(kafka, vehicles))
        {
            var batches = (long)vehicles * minutes * 6;
            Console.Error.WriteLine($"Writing {batches:N0} batches: {minutes} minutes of {vehicles:N0} vehicles...");
            load.Write(batches, cancel);
        }

        Console.Error.WriteLine("Scoring them again...");
        var clock = Stopwatch.StartNew();
        var cpu = TimeSpan.Zero;
        await using var scorer = ScoringProcess.StartOurs(
            ["reprocess", "--model", model, "--from", "2023-01-01", "--to", "2024-01-01", "--generation", "g1", "--json"], [("Kafka__BootstrapServers", kafka.BootstrapServers)]);
        while (scorer.IsRunning)
        {
            cpu = scorer.CpuTime; // cannot be asked once it has ended
            await Task.Delay(50, cancel);
        }

        await scorer.EndAsync(cancel);
        // What went wrong on the way, and how the rate went.
        foreach (var line in scorer.FindAll("warn: ").Concat(scorer.FindAll(" records, ")).TakeLast(40)) Console.Error.WriteLine(line);
        var outcome = JsonDocument.Parse(scorer.Find("\"generation\"") ?? throw new InvalidOperationException("reprocess did not say what it did.")).RootElement;
        var samples = outcome.GetProperty("scored").GetInt64() * ScorerPlan.SamplesPerBatch;
        var ours = new Dictionary<string, double>
        {
            ["samples"] = samples,
            ["samples_per_s"] = Math.Round(samples / outcome.GetProperty("seconds").GetDouble()),
            ["samples_per_s_with_start"] = Math.Round(samples / clock.Elapsed.TotalSeconds),
            ["samples_per_cpu_second"] = Math.Round(samples / cpu.TotalSeconds),
            ["times_real_time_of_10000_vehicles"] = Math.Round(samples / outcome.GetProperty("seconds").GetDouble() / RealTimeVehicles, 2),
        };
        foreach (var (name, value) in ours) Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {name,-36}{value,16:N2}"));
        if (json) Console.WriteLine(JsonSerializer.Serialize(new { plan = new { vehicles, minutes, partitions = ScorerPlan.Partitions }, ours }));
        return 0;
    }
}
