using Confluent.Kafka;

namespace Kappa.Iot.Streaming;

/// <summary>Makes processors whose state is as if they had handled everything before an offset.</summary>
public interface IPartitionProcessorFactory
{
    /// <summary>Restores partitions that were just assigned, or whose transaction was aborted.</summary>
    /// <param name="next">For each partition the offset that comes next: everything before it is committed, nothing from it on.</param>
    /// <returns>A processor for each of them. An exception is logged and the restore is tried again.</returns>
    Task<IReadOnlyDictionary<TopicPartition, IPartitionProcessor>> RestoreAsync(IReadOnlyDictionary<TopicPartition, long> next, CancellationToken cancel);
}
