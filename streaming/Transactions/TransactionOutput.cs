using Confluent.Kafka;

namespace Kappa.Iot.Streaming;

/// <summary>What a processor wants written: all of it, with the offsets of the records it came from, or nothing.</summary>
public sealed class TransactionOutput
{
    private readonly List<(TopicPartition To, Message<byte[], byte[]> Message)> _records = [];

    public int Count => _records.Count;

    /// <summary>The records so far, in the order they were added.</summary>
    public IReadOnlyList<(TopicPartition To, Message<byte[], byte[]> Message)> Records => _records;

    /// <param name="to">With <see cref="Partition.Any"/> the partition is chosen by the key.</param>
    public void Add(TopicPartition to, Message<byte[], byte[]> message) => _records.Add((to, message));

    internal void Clear() => _records.Clear();
}
