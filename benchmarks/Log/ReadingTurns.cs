using Confluent.Kafka;

namespace Kappa.Iot.Benchmarks.Log;

/// <summary>
/// Reading takes turns: all servers hold the same records and are up, and one at a time is read from for some seconds, over and over. What else
/// the machine does in these minutes, and the client's own warming up, then hits all alike.
/// </summary>
internal static class ReadingTurns
{
    /// <returns>The figures of every server that could do it, by its name; of each the median of its turns.</returns>
    public static async Task<Dictionary<string, LogFigures>> MeasureAsync(IReadOnlyList<ServerKind> kinds, LogPlan plan, CancellationToken cancel)
    {
        var servers = new List<ReadingServer>();
        try
        {
            foreach (var kind in kinds)
            {
                if (await TryAsync(kind, c => ReadingServer.StartAsync(kind, plan.Part(kind.Share), c), cancel) is { } server)
                    servers.Add(server);
            }

            var turns = servers.ToDictionary(s => s.Kind.Name, _ => new List<LogFigures>());
            for (var turn = 0; turn <= LogPlan.ReadingTurns; turn++)
            {
                // Each goes first in turn; the first time does not count.
                Console.Error.WriteLine($"reading, turn {turn} of {LogPlan.ReadingTurns}");
                foreach (var server in servers.Skip(turn % servers.Count).Concat(servers.Take(turn % servers.Count)).ToList())
                {
                    if (await TryAsync(server.Kind, c => Task.Run(() => Measure(server, c), c), cancel) is not { } figures)
                    {
                        servers.Remove(server);
                        turns.Remove(server.Kind.Name);
                        await server.DisposeAsync();
                    }
                    else if (turn > 0)
                    {
                        turns[server.Kind.Name].Add(figures);
                    }
                }
            }

            return turns.ToDictionary(t => t.Key, t => LogFigures.Median(t.Value));
        }
        finally
        {
            foreach (var server in servers)
                await server.DisposeAsync();
        }
    }

    private static LogFigures Measure(ReadingServer server, CancellationToken cancel)
    {
        var figures = new Dictionary<string, double>();
        foreach (var size in RecordSize.All)
        {
            var (consumed, unpacked, fetched) = server.Read(size, cancel);
            figures[$"consumed_{size.Name}_per_s"] = consumed;
            figures[$"unpacked_{size.Name}_per_s"] = unpacked;
            figures[$"fetched_{size.Name}_per_s"] = fetched;
        }

        return new LogFigures(figures);
    }

    /// <returns>Null where a peer could not do the work.</returns>
    private static async Task<T?> TryAsync<T>(ServerKind kind, Func<CancellationToken, Task<T>> work, CancellationToken cancel)
        where T : class
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        try
        {
            return await work(limit.Token);
        }
        catch (Exception e) when (LogBenchmark.IsPeersFailure(e, kind, cancel))
        {
            Console.Error.WriteLine($"{kind.Name} did not do the work: {e.Message}");
            return null;
        }
    }
}
