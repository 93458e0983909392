using Confluent.Kafka;
using Kappa.Iot.Contracts;

namespace Kappa.Iot.ScoringService;

/// <summary>One of two generations that are compared, or what the service wrote.</summary>
/// <param name="Name">Of the generation, or <see cref="GenerationNames.LiveName"/>.</param>
/// <param name="Scores">Its topic of scores.</param>
/// <param name="Alerts">Its topic of alerts.</param>
/// <param name="Telemetry">What it has scored, by partition; partitions that are left out: nothing.</param>
/// <param name="FromMs">First event time of what it wrote.</param>
/// <param name="ToMs">First event time after that.</param>
internal sealed record ComparedSide(string Name, string Scores, string Alerts, IReadOnlyDictionary<int, OffsetRange> Telemetry, long FromMs, long ToMs)
{
    /// <exception cref="CommandException">There is no such generation, or it is not complete.</exception>
    public static ComparedSide Of(string name, IReadOnlyDictionary<string, Generation> generations, KafkaOptions kafka, ScoringOptions live, IEnumerable<int> partitions)
    {
        if (name == GenerationNames.LiveName)
        {
            using var reader = GenerationTopics.Reader(kafka, live.GroupId);
            var scored = GenerationTopics.Committed(reader, partitions.Select(partition => new TopicPartition(live.Topics.Telemetry, partition)))
                .ToDictionary(committed => committed.Key, committed => new OffsetRange { Partition = committed.Key, To = committed.Value });
            if (scored.Count == 0) throw new CommandException($"The live scorer (group {live.GroupId}) has scored nothing yet: there is nothing to compare with.");
            return new ComparedSide(name, live.Topics.Scores, live.Topics.Alerts, scored, long.MinValue, long.MaxValue);
        }

        if (!generations.TryGetValue(name, out var generation)) throw new CommandException($"There is no generation '{name}'. 'generations' shows them.");
        if (generation.Discarding) throw new CommandException($"Generation {name} is being discarded.");
        if (generation.FinishedAtMs == 0) throw new CommandException($"Generation {name} is not complete. 'reprocess --generation {name}' continues it.");
        var names = new GenerationNames(name, live);
        return new ComparedSide(name, names.Scores, names.Alerts, generation.Telemetry.ToDictionary(range => range.Partition), generation.FromMs, generation.ToMs);
    }
}
