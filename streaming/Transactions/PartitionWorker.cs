using Confluent.Kafka;

namespace Kappa.Iot.Streaming;

/// <summary>One assigned partition: what is read of it but not yet committed, and its processor once that is restored.</summary>
/// <param name="partition">Which one.</param>
/// <param name="end">First offset that is not to be read.</param>
internal sealed class PartitionWorker(TopicPartition partition, long end = long.MaxValue)
{
    public TopicPartition Partition { get; } = partition;

    public List<ConsumeResult<byte[], byte[]>> Pending { get; } = [];

    public TransactionOutput Output { get; } = new();

    /// <summary>Null while it is being restored.</summary>
    public IPartitionProcessor? Processor { get; set; }

    public bool Paused { get; set; }

    public bool HasWork => Processor is not null && Pending.Count > 0;

    /// <summary>True once everything before the end is in <see cref="Pending"/> or was committed.</summary>
    public bool AtEnd { get; private set; }

    /// <summary>True once the end is committed: there is nothing left to do.</summary>
    public bool Finished { get; set; }

    /// <summary>The end is reached, and that is not committed yet.</summary>
    public bool HasEnd => Processor is not null && AtEnd && !Finished;

    /// <summary>The offset that is committed.</summary>
    public long Reached { get; set; }

    /// <summary>The offset to commit after what is pending.</summary>
    public long Next => AtEnd ? end : Pending[^1].Offset + 1;

    /// <summary>Takes what was read next: a record, or the news that there is none.</summary>
    public void Take(ConsumeResult<byte[], byte[]> record)
    {
        // At the end of a partition the "record" has the offset that comes next; the last offsets may be a transaction's marks.
        var inside = !record.IsPartitionEOF && record.Offset < end;
        if (inside) Pending.Add(record);
        AtEnd |= (inside ? record.Offset + 1 : record.Offset.Value) >= end;
    }

    /// <summary>Starts at an offset.</summary>
    public void StartAt(long next) => AtEnd = Finished = next >= end;
}
