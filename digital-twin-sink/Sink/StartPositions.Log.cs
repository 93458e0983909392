namespace Kappa.Iot.DigitalTwinSink;

internal static partial class StartPositionsLog
{
    [LoggerMessage(Level = LogLevel.Information, Message = "The twin store knows nothing of {Partitions} partitions: reading them from their beginning")]
    public static partial void Rebuilding(this ILogger logger, int partitions);

    [LoggerMessage(Level = LogLevel.Error, Message = "Nothing is being read: {Reason}")]
    public static partial void CannotStart(this ILogger logger, string reason);
}
