using System.Collections.Concurrent;
using Confluent.Kafka;

namespace Kappa.Iot.Streaming;

/// <summary>What one reader of the log tells of itself. Everything it says carries its tag.</summary>
internal sealed class ReaderMetrics(StreamingMetrics all, KeyValuePair<string, object?> reader)
{
    private readonly ConcurrentDictionary<TopicPartition, PartitionLag> _partitions = new();

    /// <summary>The partitions it reads.</summary>
    public IEnumerable<KeyValuePair<TopicPartition, PartitionLag>> Partitions => _partitions;

    /// <summary>A partition is read from now on.</summary>
    public PartitionLag Join(TopicPartition partition)
    {
        var lag = new PartitionLag([reader, new("topic", partition.Topic), new("partition", partition.Partition.Value)]);
        Leave(partition);
        _partitions[partition] = lag;
        all.Add(lag);
        return lag;
    }

    /// <summary>A partition is not read any more: there is nothing to say of it.</summary>
    public void Leave(TopicPartition partition)
    {
        if (_partitions.TryRemove(partition, out var lag)) all.Remove(lag);
    }

    public PartitionLag? Find(TopicPartition partition) => _partitions.GetValueOrDefault(partition);

    /// <param name="records">A batch that was handled: how many. None is no batch.</param>
    public void Handled(int records)
    {
        if (records == 0) return;
        all.Records.Add(records, reader);
        all.BatchSize.Record(records, reader);
    }

    public void Committed(TimeSpan duration) => all.CommitDuration.Record(duration.TotalSeconds, reader);

    /// <param name="kind">What became of partitions: assigned, revoked, lost or left.</param>
    public void Rebalanced(string kind) => all.Rebalances.Add(1, reader, new("kind", kind));

    public void PutAside() => all.DeadLetters.Add(1, reader);

    public void Retried() => all.Retries.Add(1, reader);
}
