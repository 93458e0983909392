using Microsoft.Extensions.Logging;

namespace Kappa.Iot.Embedded.Network;

internal sealed partial class Listener
{
    [LoggerMessage(Level = LogLevel.Warning, Message = "A client was turned away: {Max} connections are open, which is the limit")]
    private partial void LogTooMany(int max);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A client could not be accepted: {Reason}")]
    private partial void LogAcceptFailed(string reason);
}
