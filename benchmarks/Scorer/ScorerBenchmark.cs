using System.Diagnostics;
using System.Text.Json;
using Kappa.Iot.Benchmarks.Log;
using Kappa.Iot.Contracts;
using Kappa.Iot.Streaming;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kappa.Iot.Benchmarks.Scorer;

/// <summary>
/// The scorer, exactly once on a log, with state for every vehicle; beside it the same peer on the same log. Both are measured from outside:
/// the CPU time of the process between two committed positions, after a part that is not measured.
/// </summary>
internal static class ScorerBenchmark
{
    private const string Group = "scoring-service", Peer = "kafka-streams", PeerTopic = "peer-telemetry";

    public static async Task<int> RunAsync(ScorerPlan plan, ServerKind server, bool json, CancellationToken cancel)
    {
        var artifact = BenchmarkModel.Train();
        await using var log = await ServerProcess.StartAsync(server, cancel);
        var kafka = new KafkaOptions { BootstrapServers = log.Address, Partitions = ScorerPlan.Partitions };
        await TopicSetup.EnsureAsync(kafka, NullLogger.Instance, cancel);
        await BenchmarkModel.PromoteAsync(kafka, artifact, cancel);

        var ours = await OursAsync(plan, kafka, cancel);
        var peer = await PeerAsync(plan, kafka, cancel);
        Print($"ours, {plan.Vehicles:N0} vehicles on {server.Name}", ours);
        if (peer is not null) Print(Peer, peer);
        if (json)
        {
            var peers = new Dictionary<string, Dictionary<string, double>>();
            var ratio = new Dictionary<string, double>();
            if (peer is not null)
            {
                peers[Peer] = peer;
                foreach (var field in peer.Keys.Where(ours.ContainsKey)) ratio[$"{field}_vs_{Peer}"] = Math.Round(ours[field] / peer[field], 4);
            }

            Console.WriteLine(JsonSerializer.Serialize(new { plan = new { vehicles = plan.Vehicles, batches = plan.Batches, log = server.Name, partitions = ScorerPlan.Partitions }, ours, peers, ratio }));
        }

        return 0;
    }

    private static async Task<Dictionary<string, double>> OursAsync(ScorerPlan plan, KafkaOptions kafka, CancellationToken cancel)
    {
        using var load = new FleetLoad(kafka, plan.Vehicles);
        using var offsets = new GroupOffsets(kafka, Group, TopicCatalogue.Telemetry.Name, ScorerPlan.Partitions);
        var (warm, all) = ((long)plan.Vehicles * ScorerPlan.WarmBatches, (long)plan.Vehicles * (ScorerPlan.WarmBatches + plan.Batches));
        Console.Error.WriteLine($"Writing {all:N0} batches of {plan.Vehicles:N0} vehicles...");
        load.Write(all, cancel);

        Console.Error.WriteLine("Scoring them...");
        string[] settings = ["--urls=http://127.0.0.1:0", $"--Kafka:BootstrapServers={kafka.BootstrapServers}", $"--Models:WaitFor={BenchmarkModel.Profile}"];
        var figures = new Dictionary<string, double>();
        await using (var scorer = ScoringProcess.StartOurs(settings, []))
        {
            var (batches, seconds, cpu) = await MeasureAsync(scorer, offsets, warm, all, cancel);
            figures["samples_per_s"] = Math.Round(batches * ScorerPlan.SamplesPerBatch / seconds);
            figures["samples_per_cpu_second"] = Math.Round(batches * ScorerPlan.SamplesPerBatch / cpu);
            figures["cpu_us_per_batch"] = Math.Round(cpu * 1e6 / batches, 2);
            figures["rss_mb"] = scorer.Memory >> 20;
            await scorer.StopAsync(cancel);
        }

        if (plan.Rate == 0) return figures;
        Console.Error.WriteLine($"Restarting while {plan.Rate:N0} batches a second come...");
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var before = load.Written;
        var clock = Stopwatch.StartNew();
        var paced = load.PacedAsync(plan.Rate, enough.Token);
        await using (var scorer = ScoringProcess.StartOurs(settings, []))
        {
            // Caught up: no more than a second of telemetry is waiting, and something of what came meanwhile is scored.
            while (offsets.Committed() is not { } committed || committed == before || load.Written - committed > plan.Rate)
            {
                if (scorer.Trouble() is { } trouble) throw new InvalidOperationException(trouble);
                if (clock.Elapsed > TimeSpan.FromMinutes(5)) throw new InvalidOperationException($"The scorer has not caught up after {clock.Elapsed.TotalSeconds:0} s; --rate is more than this machine has time for.");
                await Task.Delay(50, cancel);
            }

            figures["restart_seconds"] = Math.Round(clock.Elapsed.TotalSeconds, 2);
            figures["restart_cpu_seconds"] = Math.Round(scorer.CpuTime.TotalSeconds, 2);
            figures["restart_rate"] = Math.Round((load.Written - before) / clock.Elapsed.TotalSeconds);
            Console.Error.WriteLine(scorer.Find("Restored 2"));
            await enough.CancelAsync();
            await paced;
        }

        return figures;
    }

    /// <returns>Null where the peer is not there, or did not do the work.</returns>
    private static async Task<Dictionary<string, double>?> PeerAsync(ScorerPlan plan, KafkaOptions kafka, CancellationToken cancel)
    {
        var program = Path.GetFullPath(Path.Combine(Environment.GetEnvironmentVariable("PEERS") ?? Path.Combine("..", "shared", "peers"), "kafka-streams-scorer", "scorer"));
        if (plan.PeerRecords == 0) return null;
        if (!File.Exists(program))
        {
            Console.Error.WriteLine("Kafka Streams is not there: set PEERS to a folder with kafka-streams-scorer/scorer in it.");
            return null;
        }

        string[] common = ["--bootstrap", kafka.BootstrapServers, "--input", PeerTopic, "--partitions", $"{ScorerPlan.Partitions}"];
        try
        {
            Console.Error.WriteLine($"Writing {plan.PeerRecords:N0} samples for {Peer}...");
            await using (var loader = ScoringProcess.Start(program, ["load", .. common, "--records", $"{plan.PeerRecords}", "--vehicles", $"{plan.Vehicles}"], []))
                await loader.EndAsync(cancel);
            Console.Error.WriteLine("Scoring them...");
            using var offsets = new GroupOffsets(kafka, Peer, PeerTopic, ScorerPlan.Partitions);
            await using var scorer = ScoringProcess.Start(program,
                ["run", .. common, "--app-id", Peer, "--output", "peer-scores", "--guarantee", "exactly_once_v2", "--store", "rocksdb", "--threads", $"{Environment.ProcessorCount}"], []);
            var (records, seconds, cpu) = await MeasureAsync(scorer, offsets, plan.PeerRecords / 3, plan.PeerRecords, cancel);
            return new()
            {
                ["samples_per_s"] = Math.Round(records / seconds),
                ["samples_per_cpu_second"] = Math.Round(records / cpu),
                ["rss_mb"] = scorer.Memory >> 20,
            };
        }
        catch (InvalidOperationException e)
        {
            Console.Error.WriteLine($"{Peer} did not do the work: {e.Message}");
            return null;
        }
    }

    /// <summary>What the process took from one committed position to another.</summary>
    private static async Task<(long Records, double Seconds, double CpuSeconds)> MeasureAsync(ScoringProcess scorer, GroupOffsets offsets, long from, long to, CancellationToken cancel)
    {
        var begun = await offsets.UntilAsync(from, scorer.Trouble, cancel);
        var (clock, cpu) = (Stopwatch.StartNew(), scorer.CpuTime);
        var ended = await offsets.UntilAsync(to, scorer.Trouble, cancel);
        return (ended - begun, clock.Elapsed.TotalSeconds, (scorer.CpuTime - cpu).TotalSeconds);
    }

    private static void Print(string title, Dictionary<string, double> figures)
    {
        Console.WriteLine(title);
        foreach (var (name, value) in figures) Console.WriteLine($"  {name,-24}{value,14:N2}");
    }
}
