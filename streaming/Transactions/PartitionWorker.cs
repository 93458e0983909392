using Confluent.Kafka;

namespace Kappa.Iot.Streaming;

/// <summary>One assigned partition: what is read of it but not yet committed, and its processor once that is restored.</summary>
internal sealed class PartitionWorker(TopicPartition partition)
{
    public TopicPartition Partition { get; } = partition;

    public List<ConsumeResult<byte[], byte[]>> Pending { get; } = [];

    public TransactionOutput Output { get; } = new();

    /// <summary>Null while it is being restored.</summary>
    public IPartitionProcessor? Processor { get; set; }

    public bool Paused { get; set; }

    public bool HasWork => Processor is not null && Pending.Count > 0;
}
