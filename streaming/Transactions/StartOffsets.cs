using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace Kappa.Iot.Streaming;

/// <summary>The offsets that a group goes on from: those it committed, else where its options say that it starts.</summary>
internal sealed class StartOffsets(TransactionalConsumerOptions options, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(10);

    /// <summary>Waits for a log that is away, and for transactions of earlier owners to end: their offsets are not settled before.</summary>
    public Dictionary<TopicPartition, long> Find(IConsumer<byte[], byte[]> consumer, IReadOnlyCollection<TopicPartition> partitions, CancellationToken stop)
    {
        var backoff = new Backoff(time);
        while (true)
        {
            stop.ThrowIfCancellationRequested();
            try
            {
                return consumer.Committed(partitions, AnswerWithin).ToDictionary(found => found.TopicPartition, found => Start(consumer, found));
            }
            catch (KafkaException e)
            {
                logger.OffsetsWait(options.GroupId, e.Error.Code, e.Error.Reason);
                backoff.Wait(stop);
            }
        }
    }

    /// <summary>The first offset of a partition that is not to be read; null where there is none.</summary>
    public long? End(TopicPartition partition) => options.Bounds is null ? null : BoundsOf(partition).To;

    private long Start(IConsumer<byte[], byte[]> consumer, TopicPartitionOffset committed)
    {
        if (!committed.Offset.IsSpecial) return committed.Offset;
        if (options.Bounds is not null) return BoundsOf(committed.TopicPartition).From;
        var watermarks = consumer.QueryWatermarkOffsets(committed.TopicPartition, AnswerWithin);
        return options.Start == AutoOffsetReset.Latest ? watermarks.High : watermarks.Low;
    }

    private LogRange BoundsOf(TopicPartition partition) =>
        options.Bounds!.TryGetValue(partition, out var range) ? range : new LogRange(partition, 0, 0);
}
