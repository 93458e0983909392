using Microsoft.Extensions.Logging;

namespace Kappa.Iot.Embedded.Transactions;

internal sealed partial class TransactionCoordinator
{
    [LoggerMessage(Level = LogLevel.Warning, Message = "The transaction of {TransactionalId} (producer {ProducerId}) was open for longer than {Timeout} and is rolled back")]
    private partial void LogTimedOut(string transactionalId, long producerId, TimeSpan timeout);

    [LoggerMessage(Level = LogLevel.Error, Message = "The transaction of {TransactionalId} stays {State} until the disk can be written; it is tried again: {Reason}")]
    private partial void LogFails(string transactionalId, TransactionState state, string? reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "The transaction of {TransactionalId} could be written again and is {State}")]
    private partial void LogWorks(string transactionalId, TransactionState state);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The {Count} transactional ids take all of maxTransactionMemory ({Bytes} bytes): new ones are turned away until transactions end or old ids expire")]
    private partial void LogFull(long bytes, int count);

    [LoggerMessage(Level = LogLevel.Error, Message = "The marker for producer {ProducerId} cannot be written to {Topic}-{Partition}")]
    private partial void LogMarkerFailed(Exception exception, long producerId, string topic, int partition);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Producer {ProducerId} has an open transaction in {Topic}-{Partition} that the transaction log does not know of; it is rolled back")]
    private partial void LogOrphan(long producerId, string topic, int partition);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Count} transactions that the transaction log does not know of stay open until the disk can be written again: {Reason}")]
    private partial void LogOrphansStay(int count, string reason);
}
