namespace Kappa.Iot.ScoringService;

internal static partial class StateRestoreLog
{
    [LoggerMessage(Level = LogLevel.Information, Message = "Restored {Partitions} partitions from {Snapshots} snapshots and {Batches} batches after them in {Took}")]
    public static partial void Restored(this ILogger logger, int partitions, int snapshots, long batches, TimeSpan took);

    [LoggerMessage(Level = LogLevel.Error, Message = "The snapshot of vehicle {Vin} cannot be read: the vehicle starts anew")]
    public static partial void SnapshotUnreadable(this ILogger logger, Exception exception, string vin);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Partition {Partition}: the group's offset is {Committed}, but scores are written up to {Scored}; going on from the later one")]
    public static partial void OffsetsDiffer(this ILogger logger, int partition, long committed, long scored);
}
