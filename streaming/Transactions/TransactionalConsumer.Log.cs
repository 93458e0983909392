using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace Kappa.Iot.Streaming;

internal static partial class TransactionalConsumerLog
{
    [LoggerMessage(Level = LogLevel.Information, Message = "Group {Group}: restored {Count} partitions, going on")]
    public static partial void Restored(this ILogger logger, string group, int count);

    [LoggerMessage(Level = LogLevel.Error, Message = "Group {Group}: restoring {Count} partitions failed, trying again")]
    public static partial void RestoreFailed(this ILogger logger, Exception exception, string group, int count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Group {Group}: a transaction over {Count} partitions was aborted; they are restored to their last commit and done again")]
    public static partial void Aborted(this ILogger logger, Exception exception, string group, int count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Group {Group}: the transaction waits for the log: {Code}: {Reason}")]
    public static partial void TransactionWaits(this ILogger logger, string group, ErrorCode code, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Group {Group}: the producer of instance {Instance} is replaced. If this goes on, two processes use the same instance name. {Reason}")]
    public static partial void ProducerReplaced(this ILogger logger, string group, string instance, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Group {Group}: cannot go on, joining the group anew")]
    public static partial void StartingAgain(this ILogger logger, Exception exception, string group);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Group {Group}: stopping without having written what would make the next start quick; it restores from the last commit")]
    public static partial void DrainFailed(this ILogger logger, Exception exception, string group);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Group {Group}: the committed offsets cannot be read yet, trying again: {Code}: {Reason}")]
    public static partial void OffsetsWait(this ILogger logger, string group, ErrorCode code, string reason);
}
