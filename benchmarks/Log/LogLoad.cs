using System.Diagnostics;
using Confluent.Kafka;

namespace Kappa.Iot.Benchmarks.Log;

/// <summary>The work that every server gets, through the same client. One partition; values that do not compress.</summary>
internal sealed class LogLoad(ServerProcess server, ServerKind kind, LogPlan plan)
{
    private const int SmallBytes = 100, LargeBytes = 1_000, RecordsPerTransaction = 10;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Dictionary<string, double> _figures = [];

    /// <summary>One round.</summary>
    public async Task<LogFigures> MeasureAsync(CancellationToken cancel)
    {
        _figures["start_ms"] = server.StartTime.TotalMilliseconds;
        await server.CreateTopicsAsync("warm-up", "small", "large", "transactions", "paced");
        Produce("warm-up", plan.Records / 5, LargeBytes, cancel);
        new LogReader(server.Address).Read("warm-up", plan.Records / 5, cancel);

        _figures["produced_100b_per_s"] = Produce("small", plan.SmallRecords, SmallBytes, cancel);

        var (cpu, disk) = (server.CpuTime, server.BytesOnDisk());
        _figures["produced_1kb_per_s"] = Produce("large", plan.Records, LargeBytes, cancel);
        new LogReader(server.Address).Read("large", plan.Records, cancel);
        _figures["cpu_us_per_record"] = (server.CpuTime - cpu).TotalMicroseconds / plan.Records;
        if (!kind.IsInMemory)
            _figures["disk_bytes_per_byte"] = (server.BytesOnDisk() - disk) / ((double)plan.Records * LargeBytes);

        try
        {
            _figures["transactions_per_s"] = Transact("transactions");
        }
        catch (KafkaException e) when (kind != ServerKind.Ours)
        {
            Console.Error.WriteLine($"{kind.Name} has no transactions: {e.Message}");
        }

        _figures["p99_produce_ms"] = Paced("paced", cancel);
        _figures["rss_mb"] = server.Memory / (1024.0 * 1024.0);
        return new LogFigures(_figures);
    }

    private double Produce(string topic, int records, int bytes, CancellationToken cancel)
    {
        using var producer = Producer(lingerMs: 5);
        var clock = Stopwatch.StartNew();
        ProduceAll(producer, topic, records, bytes, cancel);
        return records / clock.Elapsed.TotalSeconds;
    }

    /// <summary>Until the last acknowledgement.</summary>
    /// <exception cref="KafkaException">A record was not taken.</exception>
    public static void ProduceAll(IProducer<Null, byte[]> producer, string topic, int records, int bytes, CancellationToken cancel)
    {
        var value = Value(bytes);
        Error? failure = null;
        for (var i = 0; i < records; i++)
        {
            try
            {
                producer.Produce(topic, new Message<Null, byte[]> { Value = value }, report => failure = report.Error.IsError ? report.Error : failure);
            }
            catch (ProduceException<Null, byte[]> e) when (e.Error.Code == ErrorCode.Local_QueueFull)
            {
                producer.Poll(TimeSpan.FromMilliseconds(10));
                i--;
            }
        }

        producer.Flush(cancel);
        if (failure is not null) throw new KafkaException(failure);
    }

    private double Transact(string topic)
    {
        using var producer = Producer(lingerMs: 0, transactionalId: "benchmark");
        var value = Value(SmallBytes);
        producer.InitTransactions(Patience);
        var clock = new Stopwatch();
        for (var i = -5; i < plan.Transactions; i++)
        {
            if (i == 0)
                clock.Start();
            producer.BeginTransaction();
            for (var r = 0; r < RecordsPerTransaction; r++)
                producer.Produce(topic, new Message<Null, byte[]> { Value = value });
            producer.CommitTransaction(Patience);
        }

        return plan.Transactions / clock.Elapsed.TotalSeconds;
    }

    /// <returns>The 99th percentile, ms. The first second is left out.</returns>
    private double Paced(string topic, CancellationToken cancel)
    {
        using var producer = Producer(lingerMs: 0);
        var value = Value(SmallBytes);
        var latencies = new double[(int)(LogPlan.PacedRecordsPerSecond * (LogPlan.PacedFor.TotalSeconds + 1))];
        Error? failure = null;
        var clock = Stopwatch.StartNew();
        for (var i = 0; i < latencies.Length;)
        {
            var due = Math.Min(latencies.Length, (int)(clock.Elapsed.TotalSeconds * LogPlan.PacedRecordsPerSecond) + 1);
            for (; i < due; i++)
            {
                var (index, sent) = (i, clock.Elapsed);
                producer.Produce(topic, new Message<Null, byte[]> { Value = value }, report =>
                {
                    latencies[index] = (clock.Elapsed - sent).TotalMilliseconds;
                    failure = report.Error.IsError ? report.Error : failure;
                });
            }

            Thread.Sleep(1);
        }

        producer.Flush(cancel);
        if (failure is not null) throw new KafkaException(failure);
        var counted = latencies[LogPlan.PacedRecordsPerSecond..];
        Array.Sort(counted);
        return counted[(int)(counted.Length * 0.99)];
    }

    private IProducer<Null, byte[]> Producer(double lingerMs, string? transactionalId = null) => new ProducerBuilder<Null, byte[]>(new ProducerConfig
    {
        BootstrapServers = server.Address,
        EnableIdempotence = true,
        Acks = Acks.All,
        LingerMs = lingerMs,
        TransactionalId = transactionalId,
        QueueBufferingMaxMessages = 100_000,
    }).SetLogHandler((_, _) => { }).Build();

    private static byte[] Value(int bytes)
    {
        var value = new byte[bytes];
        new Random(1).NextBytes(value);
        return value;
    }
}
