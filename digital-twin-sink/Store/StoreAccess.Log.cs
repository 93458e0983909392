namespace Kappa.Iot.DigitalTwinSink;

internal static partial class StoreAccessLog
{
    [LoggerMessage(Level = LogLevel.Warning, Message = "Attempt {Attempt} failed, the next is in {Delay}: {Error}")]
    public static partial void StoreRefused(this ILogger logger, int attempt, string error, TimeSpan delay);
}
