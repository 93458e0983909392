namespace Kappa.Iot.DigitalTwinSink;

internal static partial class TwinSinkLog
{
    [LoggerMessage(Level = LogLevel.Warning, Message = "The twin store was wiped: it has no progress any more of {Partitions} partitions. Filling it from the log")]
    public static partial void StoreWiped(this ILogger logger, int partitions);
}
