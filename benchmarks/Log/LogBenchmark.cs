using System.Text.Json;
using Confluent.Kafka;

namespace Kappa.Iot.Benchmarks.Log;

/// <summary>Every server in turn, alone, in rounds; then reading, for which all are up.</summary>
internal static class LogBenchmark
{
    public static async Task<int> RunAsync(LogPlan plan, bool json, CancellationToken cancel)
    {
        var peers = ServerKind.Peers().ToList();
        if (!peers.Any(p => p.Name == "apache-kafka"))
            Console.Error.WriteLine("Apache Kafka is not there: set PEERS to a folder with kafka/start-kafka in it.");
        var rounds = new Dictionary<string, List<LogFigures>>();
        for (var round = 1; round <= plan.Rounds; round++)
        {
            foreach (var kind in (ServerKind[])[ServerKind.Ours, .. peers])
            {
                Console.Error.WriteLine($"round {round} of {plan.Rounds}: {kind.Name}");
                if (await MeasureAsync(kind, plan, cancel) is not { } figures)
                    peers.Remove(kind); // what failed once is not tried again
                else
                    (rounds.TryGetValue(kind.Name, out var known) ? known : rounds[kind.Name] = []).Add(figures);
            }
        }

        var reading = await ReadingTurns.MeasureAsync([ServerKind.Ours, .. peers], plan, cancel);
        var medians = rounds.ToDictionary(r => r.Key, r => LogFigures.Median(r.Value).With(reading.GetValueOrDefault(r.Key)));
        Print(medians);
        if (json)
            Console.WriteLine(ToJson(medians));
        return medians.ContainsKey(ServerKind.Ours.Name) ? 0 : 1;
    }

    /// <returns>Null where a peer could not do the work: it is left out of this round.</returns>
    private static async Task<LogFigures?> MeasureAsync(ServerKind kind, LogPlan plan, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        try
        {
            await using var server = await ServerProcess.StartAsync(kind, limit.Token);
            return await Task.Run(() => new LogLoad(server, kind, plan.Part(kind.Share)).MeasureAsync(limit.Token), cancel);
        }
        catch (Exception e) when (IsPeersFailure(e, kind, cancel))
        {
            Console.Error.WriteLine($"{kind.Name} did not do the work: {e.Message}");
            return null;
        }
    }

    public static bool IsPeersFailure(Exception e, ServerKind kind, CancellationToken cancel) => kind != ServerKind.Ours
        && !cancel.IsCancellationRequested && e is KafkaException or InvalidOperationException or InvalidDataException or IOException or OperationCanceledException;

    private static void Print(Dictionary<string, LogFigures> medians)
    {
        Console.WriteLine($"{"",-22}{string.Concat(medians.Keys.Select(name => $"{name,16}"))}");
        foreach (var (field, _) in LogFigures.Fields)
        {
            Console.WriteLine($"{field,-22}{string.Concat(medians.Values.Select(f => $"{(f.Values.TryGetValue(field, out var v) ? v.ToString(v < 10 ? "0.000" : "0") : "-"),16}"))}");
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
