using Confluent.Kafka;
using Kappa.Iot.Contracts;

namespace Kappa.Iot.Benchmarks.Scorer;

/// <summary>How far a group has come in a topic, seen from outside.</summary>
internal sealed class GroupOffsets(KafkaOptions kafka, string group, string topic, int partitions) : IDisposable
{
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(10);

    private readonly List<TopicPartition> _partitions = [.. Enumerable.Range(0, partitions).Select(partition => new TopicPartition(topic, partition))];
    private readonly IConsumer<Ignore, Ignore> _reader = new ConsumerBuilder<Ignore, Ignore>(new ConsumerConfig(kafka.ToClientConfig("benchmark-offsets")) { GroupId = group, EnableAutoCommit = false })
        .SetErrorHandler((_, _) => { }).SetLogHandler((_, _) => { }).Build();

    /// <summary>Records before the committed offsets, of all partitions; null where a transaction is just being ended.</summary>
    public long? Committed()
    {
        try
        {
            return _reader.Committed(_partitions, AnswerWithin).Sum(found => found.Offset.IsSpecial ? 0 : found.Offset.Value);
        }
        catch (KafkaException)
        {
            return null;
        }
    }

    /// <summary>Records in the topic.</summary>
    public long End() => _partitions.Sum(partition => _reader.QueryWatermarkOffsets(partition, AnswerWithin).High.Value);

    /// <summary>Waits until so many are committed.</summary>
    /// <param name="alive">Says what is wrong with whoever commits; null while nothing is.</param>
    /// <exception cref="InvalidOperationException">Whoever commits is gone, or nothing was committed for minutes.</exception>
    public async Task<long> UntilAsync(long records, Func<string?> alive, CancellationToken cancel)
    {
        var (last, since) = (-1L, DateTime.UtcNow);
        while (true)
        {
            if (Committed() is { } committed)
            {
                if (committed >= records) return committed;
                if (committed > last) (last, since) = (committed, DateTime.UtcNow);
            }

            if (alive() is { } trouble) throw new InvalidOperationException(trouble);
            if (DateTime.UtcNow - since > TimeSpan.FromMinutes(3)) throw new InvalidOperationException($"Group {group} stays at {last:N0} of {records:N0} records.");
            await Task.Delay(50, cancel);
        }
    }

    public void Dispose() => _reader.Dispose();
}
