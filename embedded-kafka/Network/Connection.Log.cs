using Kappa.Iot.Embedded.Protocol;
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

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Client}: closed, it sent {ApiKey} without having logged in (SASL)")]
    private partial void LogNoLogin(string client, ApiKey apiKey);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Client}: closed, the login of user '{User}' failed")]
    private partial void LogLoginFailed(string client, string user);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Client}: closed for want of memory: {Reason}")]
    private partial void LogNoMemory(string client, string reason);
}
