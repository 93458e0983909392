using Microsoft.Extensions.Logging;

namespace Kappa.Iot.Embedded.Transactions;

internal sealed partial class TransactionCoordinator
{
    [LoggerMessage(Level = LogLevel.Warning, Message = "The transaction of {TransactionalId} (producer {ProducerId}) was open for longer than {Timeout} and is rolled back")]
    private partial void LogTimedOut(string transactionalId, long producerId, TimeSpan timeout);

    [LoggerMessage(Level = LogLevel.Error, Message = "The transaction of {TransactionalId} is decided, but its markers cannot be written; it will be tried again")]
    private partial void LogNotFinished(Exception exception, string transactionalId);

    [LoggerMessage(Level = LogLevel.Error, Message = "The marker for producer {ProducerId} cannot be written to {Topic}-{Partition}")]
    private partial void LogMarkerFailed(Exception exception, long producerId, string topic, int partition);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Producer {ProducerId} has an open transaction in {Topic}-{Partition} that the transaction log does not know of; it is rolled back")]
    private partial void LogOrphan(long producerId, string topic, int partition);
}
