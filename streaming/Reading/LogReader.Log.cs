using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace Kappa.Iot.Streaming;

internal static partial class LogReaderLog
{
    [LoggerMessage(Level = LogLevel.Warning, Message = "Reader {Name}: cannot look up {Topic} in the log, trying again: {Code}: {Reason}")]
    public static partial void FindFailed(this ILogger logger, string name, string topic, ErrorCode code, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Reader {Name}: reading the log failed, trying again: {Code}: {Reason}")]
    public static partial void ReadAgain(this ILogger logger, string name, ErrorCode code, string reason);
}
