using System.Text.Json;
using Confluent.Kafka;

namespace Kappa.Iot.Benchmarks.Log;

/// <summary>Every server in turn, alone, in rounds; then reading, for which all are up.</summary>
internal static class LogBenchmark
{
    private const string ApacheKafka = "apache-kafka";

    public static async Task<int> RunAsync(LogPlan plan, bool json, CancellationToken cancel)
    {
        var peers = ServerKind.Peers().ToList();
        if (!peers.Any(p => p.Name == ApacheKafka))
            Console.Error.WriteLine("Apache Kafka is not there: set PEERS to a folder with kafka/start-kafka in it.");
        var rounds = new Dictionary<string, List<LogFigures>>();
        for (var round = 1; round <= plan.Rounds; round++)
        {
            foreach (var kind in (ServerKind[])[ServerKind.Ours, .. peers])
            {
                Console.Error.WriteLine($"round {round} of {plan.Rounds}: {kind.Name}");
                if (await TryAsync(kind, TimeSpan.FromSeconds(60), c => MeasureAsync(kind, plan, c), cancel) is not { } figures)
                    peers.Remove(kind); // what failed once is not tried again
                else
                    (rounds.TryGetValue(kind.Name, out var known) ? known : rounds[kind.Name] = []).Add(figures);
            }
        }

        var reading = await ServerTurns.MeasureAsync(
            "reading", [ServerKind.Ours, .. peers], TimeSpan.FromSeconds(60), (kind, c) => ReadingServer.StartAsync(kind, plan.Part(kind.Share), c),
            (server, c) => Task.Run(() => server.Measure(c), c), cancel);
        var perfTest = await PerfTestAsync(peers, plan, cancel);
        var medians = rounds.ToDictionary(
            r => r.Key, r => LogFigures.Median(r.Value).With(reading.GetValueOrDefault(r.Key)).With(perfTest.GetValueOrDefault(r.Key)));
        Print(medians);
        if (json)
            Console.WriteLine(ToJson(medians));
        return medians.ContainsKey(ServerKind.Ours.Name) ? 0 : 1;
    }

    private static async Task<LogFigures> MeasureAsync(ServerKind kind, LogPlan plan, CancellationToken cancel)
    {
        await using var server = await ServerProcess.StartAsync(kind, cancel);
        return await Task.Run(() => new LogLoad(server, kind, plan.Part(kind.Share)).MeasureAsync(cancel), cancel);
    }

    /// <summary>Ours beside the one server that the tools were written for: the others would lengthen the run, and say nothing more of ours.</summary>
    private static async Task<Dictionary<string, LogFigures>> PerfTestAsync(List<ServerKind> peers, LogPlan plan, CancellationToken cancel)
    {
        var apacheKafka = peers.Where(p => p.Name == ApacheKafka).ToList();
        if (apacheKafka.Count > 0 && PerfTest.IsHere)
            return await ServerTurns.MeasureAsync(
                "perf test", [ServerKind.Ours, .. apacheKafka], TimeSpan.FromMinutes(5), (kind, c) => PerfTest.StartAsync(kind, plan, c), (test, c) => test.MeasureAsync(c), cancel);
        Console.Error.WriteLine("no perf_test_*: Apache Kafka, or its kafka-producer-perf-test and kafka-consumer-perf-test, are not there (in PEERS/kafka) or did not work");
        return [];
    }

    /// <returns>Null where a peer could not do the work: it is left out.</returns>
    public static async Task<T?> TryAsync<T>(ServerKind kind, TimeSpan limit, Func<CancellationToken, Task<T>> work, CancellationToken cancel)
        where T : class
    {
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limited.CancelAfter(limit);
        try
        {
            return await work(limited.Token);
        }
        catch (Exception e) when (IsPeersFailure(e, kind, cancel))
        {
            Console.Error.WriteLine($"{kind.Name} did not do the work: {e.Message}");
            return null;
        }
    }

    private static bool IsPeersFailure(Exception e, ServerKind kind, CancellationToken cancel) => kind != ServerKind.Ours
        && !cancel.IsCancellationRequested && e is KafkaException or InvalidOperationException or InvalidDataException or IOException or OperationCanceledException;

    private static void Print(Dictionary<string, LogFigures> medians)
    {
        Console.WriteLine($"{"",-30}{string.Concat(medians.Keys.Select(name => $"{name,16}"))}");
        foreach (var (field, _) in LogFigures.Fields)
        {
            Console.WriteLine($"{field,-30}{string.Concat(medians.Values.Select(f => $"{(f.Values.TryGetValue(field, out var v) ? v.ToString(v < 10 ? "0.000" : "0") : "-"),16}"))}");
        }
    }

    private static string ToJson(Dictionary<string, LogFigures> medians)
    {
        var ours = medians[ServerKind.Ours.Name].Values;
        var peers = medians.Where(m => m.Key != ServerKind.Ours.Name).ToDictionary(m => m.Key, m => m.Value.Values);
        var ratio = peers.SelectMany(peer => peer.Value.Where(v => v.Value > 0 && ours.ContainsKey(v.Key)).Select(v => (Name: $"{v.Key}_vs_{peer.Key}", Value: ours[v.Key] / v.Value)))
            .ToDictionary(r => r.Name, r => Math.Round(r.Value, 4));
        return JsonSerializer.Serialize(new { ours = Rounded(ours), peers = peers.ToDictionary(p => p.Key, p => Rounded(p.Value)), ratio });
    }

    private static Dictionary<string, double> Rounded(IReadOnlyDictionary<string, double> values) => values.ToDictionary(v => v.Key, v => Math.Round(v.Value, 4));
}
