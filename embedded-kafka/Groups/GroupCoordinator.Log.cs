using Microsoft.Extensions.Logging;

namespace Kappa.Iot.Embedded.Groups;

internal sealed partial class GroupCoordinator
{
    [LoggerMessage(Level = LogLevel.Error, Message = "Group {Group}: the offsets of {Count} partitions whose topic was deleted stay in the log until the disk can be written; a server that starts before then has them again where a topic of that name was made anew: {Reason}")]
    private partial void LogNotForgotten(string group, int count, string? reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Group {Group}: the offsets of {Count} partitions whose topic was deleted are out of the log now")]
    private partial void LogForgotten(string group, int count);
}
