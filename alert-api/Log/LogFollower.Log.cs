namespace Kappa.Iot.AlertApi.Log;

internal static partial class LogFollowerLog
{
    [LoggerMessage(Level = LogLevel.Warning, Message = "{Topic}/{Partition} at {Offset} cannot be read as its message, it is left out: {Reason}")]
    public static partial void Unreadable(this ILogger logger, string topic, int partition, long offset, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "Reader {Name} stopped, it starts again")]
    public static partial void ReadingStopped(this ILogger logger, string name, Exception e);
}
