using Confluent.Kafka;
using Kappa.Iot.Contracts;
using Kappa.Iot.Streaming;

namespace Kappa.Iot.Demo.Counting;

/// <summary>Where the topics ended before this demo's fleet began to drive: what is older belongs to somebody else.</summary>
/// <param name="Offsets">Topic to first offset of ours, by partition.</param>
public sealed record LogBaseline(Dictionary<string, Dictionary<int, long>> Offsets)
{
    private static readonly TopicSpec[] Counted = [TopicCatalogue.Telemetry, TopicCatalogue.Scores, TopicCatalogue.Alerts, TopicCatalogue.DeadLetter];

    /// <summary>Reads the baseline kept with the fleet's own state, or takes it now where the fleet is new.</summary>
    public static async Task<LogBaseline> LoadOrTakeAsync(string file, LogReader reader, CancellationToken cancel)
    {
        if (File.Exists(file))
            return StateFile.Read<LogBaseline>(file);

        var offsets = new Dictionary<string, Dictionary<int, long>>();
        foreach (var topic in Counted)
            offsets[topic.Name] = (await reader.FindAsync(topic.Name, LogStart.End, cancel)).ToDictionary(range => range.Partition.Partition.Value, range => range.To);
        var baseline = new LogBaseline(offsets);
        StateFile.Write(file, baseline);
        return baseline;
    }

    /// <summary>The stretches of a topic from the baseline to its end as it is now.</summary>
    public async Task<IReadOnlyList<LogRange>> UpToNowAsync(LogReader reader, TopicSpec topic, CancellationToken cancel)
    {
        var ranges = await reader.FindAsync(topic.Name, LogStart.Beginning, cancel);
        return [.. ranges.Select(range => range with { From = Math.Max(range.From, Offsets[topic.Name].GetValueOrDefault(range.Partition.Partition.Value)) })];
    }

    public IEnumerable<TopicPartitionOffset> Of(TopicSpec topic) =>
        Offsets[topic.Name].Select(o => new TopicPartitionOffset(topic.Name, o.Key, o.Value));
}
