using Kappa.Iot.Embedded.Topics;

namespace Kappa.Iot.Embedded.Transactions;

/// <summary>What the coordinator knows of one transactional id. Whoever touches it holds <see cref="Lock"/>.</summary>
internal sealed class Transaction(string id)
{
    public Lock Lock { get; } = new();

    public string Id { get; } = id;

    public long ProducerId { get; set; } = -1;

    public short Epoch { get; set; } = -1;

    /// <summary>The epoch that its producer gave up for the current one, so that a repeated request gets the same answer; -1 for none.</summary>
    public short EpochBefore { get; set; } = -1;

    public TimeSpan Timeout { get; set; }

    public TransactionState State { get; set; }

    public HashSet<TopicPartition> Partitions { get; } = [];

    /// <summary>When the running transaction began, ms since 1970; -1 without one.</summary>
    public long StartedAt { get; set; } = -1;

    public long UpdatedAt { get; set; }
}
