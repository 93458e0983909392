using System.Collections.Immutable;
using Kappa.Iot.Embedded.Topics;

namespace Kappa.Iot.Embedded.Transactions;

/// <summary>One state of a transactional id, as it is in the transaction log; the next one replaces it once it is there too.</summary>
internal sealed record TransactionStatus
{
    public long ProducerId { get; init; } = -1;

    public short Epoch { get; init; } = -1;

    /// <summary>
    /// What its producer gave up for the current id and epoch, so that a repeated request gets the same answer; -1 for none, and as soon as
    /// the current epoch is used. Not in the log.
    /// </summary>
    public (long ProducerId, short Epoch) Before { get; init; } = (-1, -1);

    public TimeSpan Timeout { get; init; }

    public TransactionState State { get; init; }

    public ImmutableHashSet<TopicPartition> Partitions { get; init; } = [];

    /// <summary>When the running transaction began, ms since 1970; -1 without one.</summary>
    public long StartedAt { get; init; } = -1;

    public long UpdatedAt { get; init; }

    /// <summary>Shuts out whoever has the current one.</summary>
    public short NextEpoch => (short)Math.Min(Epoch + 1, short.MaxValue);

    /// <summary>Bytes that it takes in memory, about.</summary>
    public long Size => 512 + Partitions.Sum(static p => 400L + (2 * p.Topic.Length));

    /// <summary>Whether a transaction runs, or is decided and still without some of its markers.</summary>
    public bool IsOpen => State is TransactionState.Ongoing or TransactionState.PrepareCommit or TransactionState.PrepareAbort;
}
