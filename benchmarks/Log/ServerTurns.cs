namespace Kappa.Iot.Benchmarks.Log;

/// <summary>
/// Servers take turns: all are up, and one at a time is worked with for some seconds, over and over. What else the machine does in these minutes,
/// and the client's own warming up, then hits all alike.
/// </summary>
internal static class ServerTurns
{
    /// <param name="what">What is done in a turn, for people.</param>
    /// <param name="limit">A start, or a turn, that takes longer has failed.</param>
    /// <returns>The figures of every server that could do it, by its name; of each the median of its turns.</returns>
    public static async Task<Dictionary<string, LogFigures>> MeasureAsync<T>(
        string what, IReadOnlyList<ServerKind> kinds, TimeSpan limit, Func<ServerKind, CancellationToken, Task<T>> start,
        Func<T, CancellationToken, Task<LogFigures>> measure, CancellationToken cancel)
        where T : class, IAsyncDisposable
    {
        var servers = new List<(ServerKind Kind, T Server)>();
        try
        {
            foreach (var kind in kinds)
            {
                if (await LogBenchmark.TryAsync(kind, limit, c => start(kind, c), cancel) is { } server)
                    servers.Add((kind, server));
            }

            var turns = servers.ToDictionary(s => s.Kind.Name, _ => new List<LogFigures>());
            for (var turn = 0; turn <= LogPlan.Turns; turn++)
            {
                // Each goes first in turn; the first time does not count.
                Console.Error.WriteLine($"{what}, turn {turn} of {LogPlan.Turns}");
                foreach (var (kind, server) in servers.Skip(turn % servers.Count).Concat(servers.Take(turn % servers.Count)).ToList())
                {
                    if (await LogBenchmark.TryAsync(kind, limit, c => measure(server, c), cancel) is not { } figures)
                    {
                        servers.Remove((kind, server));
                        turns.Remove(kind.Name);
                        await server.DisposeAsync();
                    }
                    else if (turn > 0)
                    {
                        turns[kind.Name].Add(figures);
                    }
                }
            }

            return turns.ToDictionary(t => t.Key, t => LogFigures.Median(t.Value));
        }
        finally
        {
            foreach (var (_, server) in servers)
                await server.DisposeAsync();
        }
    }
}
