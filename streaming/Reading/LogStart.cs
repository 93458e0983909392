using Confluent.Kafka;

namespace Kappa.Iot.Streaming;

/// <summary>Where to begin reading a partition.</summary>
public readonly record struct LogStart
{
    /// <summary>The oldest record that is still there.</summary>
    public static readonly LogStart Beginning;

    /// <summary>What is written from now on.</summary>
    public static readonly LogStart End = new() { AtEnd = true };

    internal bool AtEnd { get; private init; }

    internal Timestamp? Time { get; private init; }

    internal long? Newest { get; private init; }

    /// <summary>The first record whose timestamp is this or later; records after it may be older.</summary>
    public static LogStart At(DateTimeOffset time) => new() { Time = new Timestamp(time) };

    /// <summary>The last so many offsets of each partition.</summary>
    public static LogStart Last(long offsets) => new() { Newest = offsets };
}
