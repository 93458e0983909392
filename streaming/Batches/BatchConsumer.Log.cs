using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace Kappa.Iot.Streaming;

internal static partial class BatchConsumerLog
{
    [LoggerMessage(Level = LogLevel.Information, Message = "Group {Group}: assigned {Count} partitions")]
    public static partial void Assigned(this ILogger logger, string group, int count);

    [LoggerMessage(Level = LogLevel.Information, Message = "Group {Group}: {Kind} {Count} partitions")]
    public static partial void Left(this ILogger logger, string group, string kind, int count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Group {Group}: reading the log failed, trying again: {Code}: {Reason}")]
    public static partial void ReadFailed(this ILogger logger, string group, ErrorCode code, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Group {Group}: the offsets could not be committed, the next commit covers them: {Code}: {Reason}")]
    public static partial void CommitFailed(this ILogger logger, string group, ErrorCode code, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "Group {Group}: a batch of {Count} records from {First} on could not be handled, trying again")]
    public static partial void HandlerFailed(this ILogger logger, Exception exception, string group, int count, TopicPartitionOffset first);
}
