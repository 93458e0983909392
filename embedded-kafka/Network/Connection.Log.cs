using Microsoft.Extensions.Logging;

namespace Kappa.Iot.Embedded.Network;

internal sealed partial class Connection
{
    [LoggerMessage(Level = LogLevel.Warning, Message = "{Client}: closed, its request cannot be read: {Reason}")]
    private partial void LogMalformed(string client, string reason);

    [LoggerMessage(Level = LogLevel.Debug, Message = "{Client}: closed: {Reason}")]
    private partial void LogClosed(string client, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Client}: closed, a request failed")]
    private partial void LogFailed(Exception exception, string client);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Client}: request {ApiKey} in version {Version} is not supported")]
    private partial void LogUnsupported(string client, short apiKey, short version);
}
