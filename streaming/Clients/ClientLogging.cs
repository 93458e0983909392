using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace Kappa.Iot.Streaming;

/// <summary>What the Kafka client says goes to the log of the service.</summary>
internal static partial class ClientLogging
{
    public static ConsumerBuilder<byte[], byte[]> LogTo(this ConsumerBuilder<byte[], byte[]> builder, ILogger logger) => builder
        .SetErrorHandler((client, error) => logger.Report(client.Name, error))
        .SetLogHandler((client, message) => logger.Report(message));

    public static ProducerBuilder<byte[], byte[]> LogTo(this ProducerBuilder<byte[], byte[]> builder, ILogger logger) => builder
        .SetErrorHandler((client, error) => logger.Report(client.Name, error))
        .SetLogHandler((client, message) => logger.Report(message));

    private static void Report(this ILogger logger, string client, Error error)
    {
        if (error.IsFatal) logger.ClientFailed(client, error.Code, error.Reason);
        else logger.ClientWarned(client, error.Code, error.Reason);
    }

    private static void Report(this ILogger logger, LogMessage message)
    {
        // The client reports each lost connection here and, where it matters, again as an error.
        if (message.Level <= SyslogLevel.Critical) logger.ClientSaid(LogLevel.Error, message.Name, message.Facility, message.Message);
        else logger.ClientSaid(LogLevel.Debug, message.Name, message.Facility, message.Message);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Kafka client {Client}: {Code}: {Reason}")]
    private static partial void ClientWarned(this ILogger logger, string client, ErrorCode code, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "Kafka client {Client} cannot go on: {Code}: {Reason}")]
    private static partial void ClientFailed(this ILogger logger, string client, ErrorCode code, string reason);

    [LoggerMessage(Message = "Kafka client {Client}: {Facility}: {Text}")]
    private static partial void ClientSaid(this ILogger logger, LogLevel level, string client, string facility, string text);
}
