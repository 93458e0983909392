using Microsoft.Extensions.Logging;

namespace Kappa.Iot.Streaming;

internal static partial class PoisonedRecordsLog
{
    [LoggerMessage(Level = LogLevel.Error, Message = "Group {Group}: the record {Position} could not be processed and was put aside in {Topic}: {Detail}")]
    public static partial void PutAside(this ILogger logger, string group, string position, string topic, string detail);

    [LoggerMessage(Level = LogLevel.Critical, Message = "Group {Group}: the record {Position} cannot be processed, and is not put aside: {Count} before it were, and none was processed in between. "
        + "It is tried until it can be; look for what is wrong with the processor or what it needs: {Detail}")]
    public static partial void HeldBack(this ILogger logger, string group, string position, int count, string detail);
}
