using Confluent.Kafka;

namespace Kappa.Iot.Streaming;

/// <summary>What a <see cref="BatchConsumer"/> reads, and in what portions.</summary>
public sealed record BatchConsumerOptions
{
    public required IReadOnlyList<string> Topics { get; init; }

    public required string GroupId { get; init; }

    /// <summary>Most records handed over at once.</summary>
    public int MaxBatch { get; init; } = 2_000;

    /// <summary>How long a batch that is not full waits for more.</summary>
    public TimeSpan MaxWait { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Whether records of open and aborted transactions are left out.</summary>
    public IsolationLevel Isolation { get; init; } = IsolationLevel.ReadCommitted;

    /// <summary>Where a group starts that has never committed.</summary>
    public AutoOffsetReset Start { get; init; } = AutoOffsetReset.Earliest;

    /// <summary>
    /// Says where to begin in partitions that were just assigned, for readers that keep their progress beside their results; it may wait, and
    /// for partitions that it leaves out the group's commits hold. Null: they hold for all.
    /// </summary>
    public Func<IReadOnlyList<TopicPartition>, CancellationToken, IReadOnlyDictionary<TopicPartition, long>>? StartAt { get; init; }

    /// <summary>After how long without a sign of life the group gives this reader's partitions to others. Brokers accept 6 s and more.</summary>
    public TimeSpan SessionTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The longest a batch may take, retries included, before the group gives this reader's partitions to others.</summary>
    public TimeSpan MaxHandling { get; init; } = TimeSpan.FromMinutes(5);
}
