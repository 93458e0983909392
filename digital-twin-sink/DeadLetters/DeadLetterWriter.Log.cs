using Confluent.Kafka;

namespace Kappa.Iot.DigitalTwinSink;

internal static partial class DeadLetterWriterLog
{
    [LoggerMessage(Level = LogLevel.Warning, Message = "Put {Position} aside as a dead letter: {Reason}: {Detail}")]
    public static partial void PutAside(this ILogger logger, string position, string reason, string detail);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Writing dead letters: {Code}: {Reason}")]
    public static partial void LogUnreachable(this ILogger logger, ErrorCode code, string reason);
}
