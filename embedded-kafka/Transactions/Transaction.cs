using Kappa.Iot.Embedded.Topics;

namespace Kappa.Iot.Embedded.Transactions;

/// <summary>What the coordinator knows of one transactional id. Whoever changes it holds <see cref="Lock"/>.</summary>
internal sealed class Transaction(string id)
{
    public Lock Lock { get; } = new();

    public string Id { get; } = id;

    public TransactionStatus Status { get; set; } = new();

    public long ProducerId => Status.ProducerId;

    public short Epoch => Status.Epoch;

    public TimeSpan Timeout => Status.Timeout;

    public TransactionState State => Status.State;

    public IReadOnlyCollection<TopicPartition> Partitions => Status.Partitions;

    /// <inheritdoc cref="TransactionStatus.StartedAt"/>
    public long StartedAt => Status.StartedAt;

    /// <summary>How long the clock leaves it alone after the last failure to store something; zero after a success.</summary>
    public TimeSpan RetryDelay { get; set; }

    /// <summary>When the clock takes it up again, ms since 1970.</summary>
    public long RetryAt { get; set; }
}
