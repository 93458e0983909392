using System.Net;
using Microsoft.Extensions.Logging;

namespace Kappa.Iot.Embedded.Network;

internal sealed partial class Listener
{
    [LoggerMessage(Level = LogLevel.Warning, Message = "A client was turned away: {Max} connections are open, which is the limit")]
    private partial void LogTooMany(int max);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Anyone who reaches {Address} can read, write and delete everything: set saslUsers, or listen on 127.0.0.1")]
    private partial void LogOpenToAll(EndPoint address);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A client could not be accepted: {Reason}")]
    private partial void LogAcceptFailed(string reason);
}
