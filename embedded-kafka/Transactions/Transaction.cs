namespace Kappa.Iot.Embedded.Transactions;

/// <summary>What the coordinator knows of one transactional id. Whoever changes it holds <see cref="Lock"/>.</summary>
internal sealed class Transaction(string id)
{
    public Lock Lock { get; } = new();

    public string Id { get; } = id;

    public TransactionStatus Status { get; set; } = new();

    /// <summary>Whether the last try to store something of it failed.</summary>
    public bool Fails { get; set; }

    /// <summary>Bytes that it takes in memory, about.</summary>
    public long Size => (2 * Id.Length) + Status.Size;
}
