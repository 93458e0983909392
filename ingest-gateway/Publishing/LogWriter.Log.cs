namespace Kappa.Iot.IngestGateway;

internal sealed partial class LogWriter
{
    [LoggerMessage(Level = LogLevel.Warning, Message = "The log did not store a record of {Topic}: {Reason}. Its sender is not acknowledged and is disconnected, to send it again (at most one such line in 5 s)")]
    private partial void NotStored(string topic, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "The producer cannot go on ({Reason}); a new one takes over")]
    private partial void ProducerReplaced(string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Count} records were not stored within {Timeout} of stopping; their senders were not acknowledged")]
    private partial void Unflushed(int count, TimeSpan timeout);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Kafka client: {Reason}")]
    private partial void ProducerNotes(string reason);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Kafka client: {Line}")]
    private partial void ClientLog(string line);
}
