using Microsoft.Extensions.Logging;

namespace Kappa.Iot.Streaming;

internal static partial class TopicSetupLog
{
    [LoggerMessage(Level = LogLevel.Information, Message = "The log at {Servers} answers and has all topics")]
    public static partial void TopicsReady(this ILogger logger, string servers);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The log at {Servers} is not ready, trying again (check Kafka:BootstrapServers if this goes on): {Reason}")]
    public static partial void TopicsNotReady(this ILogger logger, string servers, string reason);
}
