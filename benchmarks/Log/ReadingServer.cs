using Confluent.Kafka;

namespace Kappa.Iot.Benchmarks.Log;

/// <summary>A server that holds records to be read: the same ones, in batches as large as the client library makes them, as every other.</summary>
internal sealed class ReadingServer : IAsyncDisposable
{
    private readonly ServerProcess _process;
    private readonly LogPlan _plan;

    private ReadingServer(ServerProcess process, LogPlan plan) => (_process, _plan) = (process, plan);

    /// <exception cref="KafkaException">It does not take the records.</exception>
    public static async Task<ReadingServer> StartAsync(ServerKind kind, LogPlan plan, CancellationToken cancel)
    {
        var server = new ReadingServer(await ServerProcess.StartAsync(kind, cancel), plan);
        try
        {
            foreach (var size in RecordSize.All)
            {
                await Task.Run(() => server.FillAsync(size, cancel), cancel);
                var (records, batches) = new RawFetch(server._process.Address, size.Name, unpacks: false).Count(server.Records(size), cancel);
                Console.Error.WriteLine($"{kind.Name} holds {records} records of {size.Bytes} B in {batches} batches, to be read");
            }

            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Reads all records again and again for a while: by the client library, by a client that does no more than go through them, and by one that takes batches as they are.</summary>
    public LogFigures Measure(CancellationToken cancel)
    {
        var figures = new Dictionary<string, double>();
        foreach (var size in RecordSize.All)
        {
            figures[$"consumed_{size.Name}_per_s"] = Repeat(size, () => new LogReader(_process.Address).Read(size.Name, Records(size), cancel));
            figures[$"unpacked_{size.Name}_per_s"] = Repeat(size, () => new RawFetch(_process.Address, size.Name, unpacks: true).Read(Records(size), cancel));
            figures[$"fetched_{size.Name}_per_s"] = Repeat(size, () => new RawFetch(_process.Address, size.Name, unpacks: false).Read(Records(size), cancel));
        }

        return new LogFigures(figures);
    }

    public ValueTask DisposeAsync() => _process.DisposeAsync();

    private double Repeat(RecordSize size, Func<TimeSpan> read)
    {
        var (total, time) = (0.0, TimeSpan.Zero);
        for (; time < LogPlan.ReadingTurn; total += Records(size)) time += read();
        return total / time.TotalSeconds;
    }

    private int Records(RecordSize size) => _plan.RecordsToRead * size.Share;

    private async Task FillAsync(RecordSize size, CancellationToken cancel)
    {
        await _process.CreateTopicsAsync(size.Name);

        // With the linger of the measured producer a server would get the smaller batches, and its readers more work, the faster it answers.
        using var producer = new ProducerBuilder<Null, byte[]>(new ProducerConfig
        {
            BootstrapServers = _process.Address,
            EnableIdempotence = true,
            Acks = Acks.All,
            LingerMs = 500,
        }).SetLogHandler((_, _) => { }).Build();
        LogLoad.ProduceAll(producer, size.Name, Records(size), size.Bytes, cancel);
    }
}
