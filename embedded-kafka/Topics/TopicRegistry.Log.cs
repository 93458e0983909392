using Microsoft.Extensions.Logging;

namespace Kappa.Iot.Embedded.Topics;

internal sealed partial class TopicRegistry
{
    [LoggerMessage(Level = LogLevel.Warning, Message = "{Partition}: {Bytes} bytes were not whole, valid batches in their place, and were cut off or set aside as *.cut; the log now ends at offset {EndOffset}")]
    private partial void LogCutTail(string partition, long bytes, long endOffset);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} files *.cut in {Directory} hold what was cut off or set aside: it is in no client's reach. retention.ms removes them; without it they stay until somebody does")]
    private partial void LogAside(int count, string directory);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Partition}: no checkpoint could be written, so the next start has to read it: {Reason}")]
    private partial void LogNoCheckpoint(string partition, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} idempotent producers that had been silent for longest are forgotten, and {Remembered} remembered: maxProducers was nearly reached")]
    private partial void LogProducersForgotten(int count, int remembered);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The deleted topic's folder {Directory} stays until the next start: {Reason}")]
    private partial void LogNotRemoved(string directory, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Partition}: the records of the batch at offset {Offset} cannot be read, so compaction keeps it as it is: {Reason}")]
    private partial void LogUnreadable(string partition, long offset, string reason);
}
