using System.Globalization;
using Kappa.Iot.Embedded.Log;

namespace Kappa.Iot.Embedded.Topics;

/// <summary>The settings that were given to a topic; everything else has its default.</summary>
internal sealed class TopicConfig
{
    private readonly SortedDictionary<string, string> _values;

    private TopicConfig(SortedDictionary<string, string> values)
    {
        _values = values;
        Settings = ToSettings();
    }

    public static TopicConfig Default { get; } = new([]);

    public IReadOnlyDictionary<string, string> Values => _values;

    /// <summary>The same settings in the form that the log works with.</summary>
    public LogSettings Settings { get; }

    public string this[string name] => _values.TryGetValue(name, out var value) ? value : TopicConfigKey.All[name].Default;

    /// <returns>The configuration, or every reason why it is none.</returns>
    public static (TopicConfig? Config, string? Error) Create(IEnumerable<KeyValuePair<string, string>> values)
    {
        var errors = new List<string>();
        var checkedValues = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in values)
        {
            if (!TopicConfigKey.All.TryGetValue(name, out var key))
                errors.Add($"Unknown topic config name: {name}");
            else if (key.Check(value) is { } error)
                errors.Add(error);
            else
                checkedValues[name] = value;
        }

        if (errors.Count > 0)
            return (null, string.Join(' ', errors));
        var config = new TopicConfig(checkedValues);
        var (least, most) = (config.Number("min.compaction.lag.ms"), config.Number("max.compaction.lag.ms"));
        return least > most ? (null, $"min.compaction.lag.ms ({least}) must not be over max.compaction.lag.ms ({most}).") : (config, null);
    }

    private LogSettings ToSettings() => new()
    {
        Compact = Policies().Contains("compact"),
        Delete = Policies().Contains("delete"),
        Retention = Milliseconds("retention.ms"),
        RetentionBytes = Number("retention.bytes") is var bytes and >= 0 ? bytes : null,
        SegmentBytes = (int)Number("segment.bytes"),
        SegmentAge = Milliseconds("segment.ms") ?? TimeSpan.MaxValue,
        MaxMessageBytes = (int)Number("max.message.bytes"),
        MinCompactionLag = Milliseconds("min.compaction.lag.ms") ?? TimeSpan.MaxValue,
        DeleteRetention = Milliseconds("delete.retention.ms") ?? TimeSpan.MaxValue,
        MinCleanableRatio = double.Parse(this["min.cleanable.dirty.ratio"], CultureInfo.InvariantCulture),
        LogAppendTime = this["message.timestamp.type"] == "LogAppendTime",
        TimestampAfterMax = Milliseconds("message.timestamp.after.max.ms"),
        TimestampBeforeMax = Milliseconds("message.timestamp.before.max.ms"),
    };

    private string[] Policies() => this["cleanup.policy"].Split(',', StringSplitOptions.TrimEntries);

    private long Number(string name) => long.Parse(this[name], CultureInfo.InvariantCulture);

    /// <summary>Null stands for "no limit": negative, or longer than a time span can be.</summary>
    private TimeSpan? Milliseconds(string name)
    {
        var value = Number(name);
        return value < 0 || value > TimeSpan.MaxValue.TotalMilliseconds - 1 ? null : TimeSpan.FromMilliseconds(value);
    }
}
