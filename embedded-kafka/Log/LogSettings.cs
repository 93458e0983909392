namespace Kappa.Iot.Embedded.Log;

/// <summary>The part of a topic's configuration that its partitions' logs act on; Kafka's names and defaults.</summary>
internal sealed record LogSettings
{
    public bool Compact { get; init; }

    public bool Delete { get; init; } = true;

    /// <summary>Null keeps for ever.</summary>
    public TimeSpan? Retention { get; init; } = TimeSpan.FromDays(7);

    /// <summary>Bytes a partition; null for no limit.</summary>
    public long? RetentionBytes { get; init; }

    public int SegmentBytes { get; init; } = 1 << 30;

    public TimeSpan SegmentAge { get; init; } = TimeSpan.FromDays(7);

    public int MaxMessageBytes { get; init; } = 1024 * 1024 + 12;

    public TimeSpan MinCompactionLag { get; init; } = TimeSpan.Zero;

    public TimeSpan DeleteRetention { get; init; } = TimeSpan.FromDays(1);

    public double MinCleanableRatio { get; init; } = 0.5;

    public bool LogAppendTime { get; init; }

    /// <summary>How far ahead of the broker's clock a record's time may be.</summary>
    public TimeSpan? TimestampAfterMax { get; init; } = TimeSpan.FromHours(1);

    public TimeSpan? TimestampBeforeMax { get; init; }
}
