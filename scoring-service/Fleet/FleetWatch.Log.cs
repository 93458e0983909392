using Confluent.Kafka;
using Kappa.Iot.Contracts;

namespace Kappa.Iot.ScoringService;

internal static partial class FleetWatchLog
{
    [LoggerMessage(Level = LogLevel.Warning, Message = "Fleet alert: {Measure} of {Dimension} {Value} {Status}: {Observed:F3}, expected {Expected:F3}")]
    public static partial void FleetAlertChanged(this ILogger logger, FleetMeasure measure, FleetDimension dimension, string value, AlertStatus status, double observed, double expected);

    [LoggerMessage(Level = LogLevel.Error, Message = "The record at {Position} is no minute of the fleet; it is left out")]
    public static partial void MinuteUnreadable(this ILogger logger, Exception exception, TopicPartitionOffset position);
}
