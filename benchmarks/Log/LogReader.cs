using System.Diagnostics;
using Confluent.Kafka;

namespace Kappa.Iot.Benchmarks.Log;

/// <summary>
/// Reads a topic's one partition through the client library. The library's sizes and limits are its own defaults; what it does for each record is
/// as little as it lets itself be told, and it asks on while records wait in it: this is to measure servers.
/// </summary>
internal sealed class LogReader(string address)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <returns>From the assignment to the last record.</returns>
    public TimeSpan Read(string topic, int records, CancellationToken cancel)
    {
        using var consumer = new ConsumerBuilder<Ignore, Ignore>(new ConsumerConfig
        {
            BootstrapServers = address,
            GroupId = "benchmark",
            EnableAutoCommit = false,
            EnableAutoOffsetStore = false,
            ConsumeResultFields = "none",
            // Otherwise the client stops asking for a second whenever 100,000 records wait in it: with small records that would be all we measure.
            FetchQueueBackoffMs = 1,
        }).SetLogHandler((_, _) => { }).Build();
        consumer.QueryWatermarkOffsets(new TopicPartition(topic, 0), Patience); // the client is connected from here on
        var clock = Stopwatch.StartNew();
        consumer.Assign(new TopicPartitionOffset(topic, 0, Offset.Beginning));
        for (var i = 0; i < records; i++)
        {
            // What is there is taken without looking at the clock, which would be a quarter of the library's time.
            if (consumer.Consume(0) is null)
                consumer.Consume(cancel);
        }

        return clock.Elapsed;
    }
}
