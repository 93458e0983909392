using Confluent.Kafka;

namespace Kappa.Iot.Streaming.Tests;

/// <summary>Makes "value:count so far in its partition" of each record. Its state is in its output: how many records there are.</summary>
internal sealed class Counting(int count, string output, Action disturb, Action<string>? take = null) : IPartitionProcessor
{
    private int _count = count;

    /// <param name="disturb">Happens in the middle of each batch.</param>
    /// <param name="take">Happens at each record.</param>
    public static TransactionalConsumer Consumer(
        Log log, string input, string output, string instance, Action disturb, IReadOnlyDictionary<TopicPartition, LogRange>? bounds = null, Action<string>? take = null, string? deadLetters = null) => new(
        log.Kafka,
        new TransactionalConsumerOptions
        {
            Topic = input,
            GroupId = input,
            Instance = $"{input}-{instance}",
            MaxBatch = 100,
            MaxWait = TimeSpan.FromMilliseconds(50),
            SessionTimeout = TimeSpan.FromSeconds(6),
            Bounds = bounds,
            DeadLetterTopic = deadLetters,
        },
        new Factory(log, output, disturb, take), Log.Metrics, Log.Logger);

    public void Process(IReadOnlyList<ConsumeResult<byte[], byte[]>> records, TransactionOutput written)
    {
        foreach (var record in records)
        {
            take?.Invoke(Log.Text(record));
            written.Add(new TopicPartition(output, record.Partition), new Message<byte[], byte[]>
            {
                Value = System.Text.Encoding.UTF8.GetBytes($"{Log.Text(record)}:{++_count}"),
            });
        }

        disturb();
    }

    private sealed class Factory(Log log, string output, Action disturb, Action<string>? take) : IPartitionProcessorFactory
    {
        public async Task<IReadOnlyDictionary<TopicPartition, IPartitionProcessor>> RestoreAsync(IReadOnlyDictionary<TopicPartition, long> next, CancellationToken cancel)
        {
            var written = await log.ReadAsync(output);
            return next.Keys.ToDictionary(partition => partition, partition =>
                (IPartitionProcessor)new Counting(written.Count(r => r.Partition == partition.Partition.Value), output, disturb, take));
        }
    }
}
