using Microsoft.Extensions.Logging;

namespace Kappa.Iot.Embedded;

internal sealed partial class Broker
{
    [LoggerMessage(Level = LogLevel.Information, Message = "{Partition}: retention removed {Segments} segments; the log now starts at offset {StartOffset}")]
    private static partial void LogRetention(ILogger logger, string partition, int segments, long startOffset);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Partition}: compaction won {Bytes} bytes")]
    private static partial void LogCompaction(ILogger logger, string partition, long bytes);

    [LoggerMessage(Level = LogLevel.Error, Message = "A request could not be carried out, the disk cannot be written: {Reason}")]
    private static partial void LogStorage(ILogger logger, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Partition} cannot be cleaned now and will be tried again")]
    private static partial void LogCleaningFailed(ILogger logger, Exception exception, string partition);

    [LoggerMessage(Level = LogLevel.Error, Message = "Background work for {Name} failed and will be tried again")]
    private static partial void LogBackgroundFailure(ILogger logger, Exception exception, string name);
}
