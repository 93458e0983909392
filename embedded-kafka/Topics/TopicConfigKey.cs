using System.Globalization;

namespace Kappa.Iot.Embedded.Topics;

/// <summary>One setting of a topic, with Kafka's name and default.</summary>
/// <param name="Type">The protocol's number for the type: 1 boolean, 2 string, 3 int, 5 long, 6 double, 7 list.</param>
internal sealed record TopicConfigKey(string Name, string Default, sbyte Type)
{
    /// <summary>Every setting that is understood. Those that make no difference on one node are checked and kept all the same.</summary>
    public static IReadOnlyDictionary<string, TopicConfigKey> All { get; } = new TopicConfigKey[]
    {
        new("cleanup.policy", "delete", 7),
        new("compression.gzip.level", "-1", 3),
        new("compression.lz4.level", "9", 3),
        new("compression.type", "producer", 2),
        new("compression.zstd.level", "3", 3),
        new("delete.retention.ms", "86400000", 5),
        new("file.delete.delay.ms", "60000", 5),
        new("flush.messages", "9223372036854775807", 5),
        new("flush.ms", "9223372036854775807", 5),
        new("follower.replication.throttled.replicas", "", 7),
        new("index.interval.bytes", "4096", 3),
        new("leader.replication.throttled.replicas", "", 7),
        new("max.compaction.lag.ms", "9223372036854775807", 5),
        new("max.message.bytes", "1048588", 3),
        new("message.timestamp.after.max.ms", "3600000", 5),
        new("message.timestamp.before.max.ms", "9223372036854775807", 5),
        new("message.timestamp.type", "CreateTime", 2),
        new("min.cleanable.dirty.ratio", "0.5", 6),
        new("min.compaction.lag.ms", "0", 5),
        new("min.insync.replicas", "1", 3),
        new("preallocate", "false", 1),
        new("retention.bytes", "-1", 5),
        new("retention.ms", "604800000", 5),
        new("segment.bytes", "1073741824", 3),
        new("segment.index.bytes", "10485760", 3),
        new("segment.jitter.ms", "0", 5),
        new("segment.ms", "604800000", 5),
        new("unclean.leader.election.enable", "false", 1),
    }.ToDictionary(k => k.Name);

    private long Smallest => Name switch
    {
        "retention.bytes" or "compression.zstd.level" => long.MinValue,
        "retention.ms" or "compression.gzip.level" => -1,
        "segment.ms" or "min.insync.replicas" or "compression.lz4.level" => 1,
        "segment.index.bytes" => 4,
        "segment.bytes" => 14,
        _ => 0,
    };

    /// <returns>What is wrong with a value, or null.</returns>
    public string? Check(string value) => Type switch
    {
        1 when !bool.TryParse(value, out _) => $"{Name} must be true or false, not '{value}'.",
        3 when !int.TryParse(value, CultureInfo.InvariantCulture, out _) => $"{Name} must be a 32-bit whole number, not '{value}'.",
        5 when !long.TryParse(value, CultureInfo.InvariantCulture, out _) => $"{Name} must be a 64-bit whole number, not '{value}'.",
        6 when !double.TryParse(value, CultureInfo.InvariantCulture, out var ratio) || ratio is < 0 or > 1 => $"{Name} must be between 0 and 1, not '{value}'.",
        3 or 5 when long.Parse(value, CultureInfo.InvariantCulture) < Smallest => $"{Name} must be at least {Smallest}, is {value}.",
        _ => Name switch
        {
            "cleanup.policy" when value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Any(p => p is not ("compact" or "delete")) =>
                $"{Name} must be delete, compact or both, not '{value}'.",
            "message.timestamp.type" when value is not ("CreateTime" or "LogAppendTime") => $"{Name} must be CreateTime or LogAppendTime, not '{value}'.",
            "compression.type" when value is not ("producer" or "uncompressed" or "gzip" or "snappy" or "lz4" or "zstd") =>
                $"{Name} must be producer, uncompressed, gzip, snappy, lz4 or zstd, not '{value}'.",
            "compression.gzip.level" when int.Parse(value, CultureInfo.InvariantCulture) is 0 or > 9 => $"{Name} must be -1, or 1 to 9, is {value}.",
            "compression.lz4.level" when int.Parse(value, CultureInfo.InvariantCulture) > 17 => $"{Name} must be 1 to 17, is {value}.",
            "compression.zstd.level" when int.Parse(value, CultureInfo.InvariantCulture) is < -131072 or > 22 => $"{Name} must be -131072 to 22, is {value}.",
            _ => null,
        },
    };
}
