namespace Kappa.Iot.Embedded.Transactions;

/// <summary>Where a transactional id is; the numbers are those of Kafka's transaction log.</summary>
internal enum TransactionState : sbyte
{
    Empty = 0,
    Ongoing = 1,
    PrepareCommit = 2,
    PrepareAbort = 3,
    CompleteCommit = 4,
    CompleteAbort = 5,

    /// <summary>Expired; the next producer of this name starts anew.</summary>
    Dead = 6,
}
