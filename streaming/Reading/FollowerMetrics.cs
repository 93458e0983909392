using Confluent.Kafka;

namespace Kappa.Iot.Streaming;

/// <summary>How far a reader is that follows topics without a group.</summary>
internal sealed class FollowerMetrics : IDisposable
{
    private readonly ReaderMetrics _metrics;
    private readonly IConsumer<byte[], byte[]> _consumer;
    private readonly LagWatch _watch;
    private readonly Dictionary<TopicPartition, ConsumeResult<byte[], byte[]>> _last = [];

    public FollowerMetrics(ReaderMetrics metrics, IConsumer<byte[], byte[]> consumer, IReadOnlyList<LogRange> ranges, TimeProvider time)
    {
        (_metrics, _consumer) = (metrics, consumer);
        foreach (var range in ranges)
        {
            var lag = metrics.Join(range.Partition);
            lag.Start(range.From);
            lag.Learn(range.To);
        }

        _watch = new LagWatch(consumer, metrics, time);
    }

    /// <summary>A record, or the news that there is none, was read.</summary>
    public void Take(ConsumeResult<byte[], byte[]> record)
    {
        if (_metrics.Find(record.TopicPartition) is not { } lag) return;
        if (record.IsPartitionEOF) lag.ReachEnd(record.Offset);
        else lag.Take(record);
    }

    public void Handle(List<ConsumeResult<byte[], byte[]>> records)
    {
        _metrics.Handled(records.Count);
        foreach (var record in records) _last[record.TopicPartition] = record;
        foreach (var (partition, record) in _last)
            _metrics.Find(partition)?.Handle(record.Offset + 1, record.Message.Timestamp, _consumer.GetWatermarkOffsets(partition).High);
        _last.Clear();
    }

    public void Dispose()
    {
        _watch.Dispose();
        foreach (var (partition, _) in _metrics.Partitions) _metrics.Leave(partition);
    }
}
