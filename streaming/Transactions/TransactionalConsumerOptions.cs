using Confluent.Kafka;

namespace Kappa.Iot.Streaming;

/// <summary>What a <see cref="TransactionalConsumer"/> reads, and how large its transactions are.</summary>
public sealed record TransactionalConsumerOptions
{
    public required string Topic { get; init; }

    public required string GroupId { get; init; }

    /// <summary>
    /// Name of this member of the group, the same after a restart: a new process with the name of a dead one ends that one's open transaction
    /// at once. Two living processes must not share it.
    /// </summary>
    public required string Instance { get; init; }

    /// <summary>Most records of one transaction, over all partitions. Twice this is about what is held in memory.</summary>
    public int MaxBatch { get; init; } = 4_000;

    /// <summary>How long records are collected for a transaction that is not full. Readers of the output wait for about as long.</summary>
    public TimeSpan MaxWait { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Where a group starts that has never committed.</summary>
    public AutoOffsetReset Start { get; init; } = AutoOffsetReset.Earliest;

    /// <summary>
    /// Null: the whole topic, for ever. Else the stretches to read, by partition: where nothing is committed reading starts at the stretch's
    /// beginning, and its end is committed once everything before it is. Partitions that are left out are not read.
    /// </summary>
    public IReadOnlyDictionary<TopicPartition, LogRange>? Bounds { get; init; }

    /// <summary>
    /// Where records go that a partition's processor cannot process, each in the transaction that commits its offset, with the headers of
    /// <see cref="DeadLetter"/>: one that fails three times in a row, alone, restored anew each time and with pauses of 5 s. Null: nothing is
    /// put aside, and what fails is tried for ever.
    /// </summary>
    public string? DeadLetterTopic { get; init; }

    /// <summary>
    /// Records of one partition that may be put aside in a row, without one between them that was processed. It is the processor's fault then, or
    /// that of something it needs: no more are put aside, what fails is tried for ever, and each time that is said as critical, until it goes through.
    /// </summary>
    public int DeadLettersInARow { get; init; } = 10;

    /// <summary>After how long without a sign of life the group gives this member's partitions to others. Brokers accept 6 s and more.</summary>
    public TimeSpan SessionTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>After how long the log aborts a transaction that nobody ends.</summary>
    public TimeSpan TransactionTimeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How long the last transaction may take once the service is asked to stop.</summary>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Partitions that are processed at the same time.</summary>
    public int Parallelism { get; init; } = Environment.ProcessorCount;
}
