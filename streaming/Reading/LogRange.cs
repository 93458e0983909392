using Confluent.Kafka;

namespace Kappa.Iot.Streaming;

/// <summary>A stretch of one partition.</summary>
/// <param name="Partition">Topic and partition number.</param>
/// <param name="From">First offset; older than what is kept means: from the oldest that is.</param>
/// <param name="To">First offset after the stretch.</param>
public readonly record struct LogRange(TopicPartition Partition, long From, long To)
{
    /// <summary>Offsets in it: not less than the records in it.</summary>
    public long Length => Math.Max(0, To - From);
}
