using Microsoft.Extensions.Logging;

namespace Kappa.Iot.Embedded;

internal sealed partial class Broker
{
    [LoggerMessage(Level = LogLevel.Information, Message = "{Partition}: retention removed {Segments} segments; the log now starts at offset {StartOffset}")]
    private static partial void LogRetention(ILogger logger, string partition, int segments, long startOffset);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Partition}: compaction won {Bytes} bytes")]
    private static partial void LogCompaction(ILogger logger, string partition, long bytes);

    [LoggerMessage(Level = LogLevel.Error, Message = "Background work failed and will be tried again")]
    private static partial void LogBackgroundFailure(ILogger logger, Exception exception);
}
