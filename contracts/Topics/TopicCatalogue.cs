using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Kappa.Iot.Contracts;

/// <summary>Every topic of the platform: its name, its partitions, what is kept of it.</summary>
public static class TopicCatalogue
{
    /// <summary>Partitions of the topics that are keyed by vehicle, unless told otherwise.</summary>
    public const int DefaultPartitions = 24;

    /// <summary>What vehicles said, kept as long as the log's owner wants to be able to replay it: by default, for ever.</summary>
    public static readonly TopicSpec Telemetry = Kept("telemetry");

    /// <summary>What could not be taken into <see cref="Telemetry"/>, with the reason in its headers (see <see cref="DeadLetterHeaders"/>).</summary>
    public static readonly TopicSpec DeadLetter = new("telemetry.dead-letter", 3, Settings(("cleanup.policy", "delete"), ("retention.ms", Days(30))));

    public static readonly TopicSpec Presence = Compacted("vehicle.presence");

    public static readonly TopicSpec Commands = Expiring("vehicle.commands");

    public static readonly TopicSpec CommandResults = Expiring("vehicle.command-results");

    public static readonly TopicSpec Scores = Kept("anomaly.scores");

    /// <summary>Snapshots. What a scorer reads at its start is what compaction has left, and the segment that is written is never compacted: segments are small.</summary>
    public static readonly TopicSpec ScoringState = ByVehicle("scoring.state", ("cleanup.policy", "compact"), ("segment.bytes", "33554432"), ("min.cleanable.dirty.ratio", "0.3"));

    public static readonly TopicSpec Alerts = Compacted("anomaly.alerts");

    public static readonly TopicSpec AlertActions = new("alert.actions", 1, Settings(("cleanup.policy", "delete"), ("retention.ms", "-1")));

    public static readonly TopicSpec Models = new("ml.models", 1, Settings(("cleanup.policy", "compact")));

    public static readonly TopicSpec ModelArtifacts = new("ml.model-artifacts", 1, Settings(("cleanup.policy", "compact")));

    /// <summary>Which recomputations of scores and alerts there are beside the live ones.</summary>
    public static readonly TopicSpec Generations = new("scoring.generations", 1, Settings(("cleanup.policy", "compact")));

    /// <summary>What each partition's vehicles did, minute by minute.</summary>
    public static readonly TopicSpec FleetMinutes = new("fleet.minutes", 1, Settings(("cleanup.policy", "delete"), ("retention.ms", Days(2))));

    public static readonly TopicSpec FleetAlerts = new("fleet.alerts", 1, Settings(("cleanup.policy", "compact")));

    public static IReadOnlyList<TopicSpec> All { get; } =
    [
        Telemetry, DeadLetter, Presence, Commands, CommandResults, Scores, ScoringState, Alerts, AlertActions, Models, ModelArtifacts, Generations, FleetMinutes, FleetAlerts,
    ];

    /// <summary>Creates what is missing. Safe to call from every service at once, at every start.</summary>
    /// <param name="admin">A client of the log.</param>
    /// <param name="partitions">Partitions of the topics keyed by vehicle, where they do not exist yet.</param>
    /// <param name="timeout">How long the log may take to answer.</param>
    /// <exception cref="InvalidOperationException">The topics keyed by vehicle exist with different numbers of partitions.</exception>
    /// <exception cref="KafkaException">The log cannot be reached or refuses.</exception>
    public static async Task EnsureAsync(IAdminClient admin, int partitions = DefaultPartitions, TimeSpan? timeout = null)
    {
        var patience = timeout ?? TimeSpan.FromSeconds(30);
        var existing = Partitions(admin.GetMetadata(patience));
        // A topic keyed by vehicle that is added later must match those that are there.
        if (existing.TryGetValue(Telemetry.Name, out var settled)) partitions = settled;

        var missing = All.Where(topic => !existing.ContainsKey(topic.Name)).Select(topic => new TopicSpecification
        {
            Name = topic.Name,
            NumPartitions = topic.ByVehicle ? partitions : topic.Partitions,
            ReplicationFactor = -1, // the broker's own default
            Configs = new Dictionary<string, string>(topic.Settings),
        }).ToList();

        if (missing.Count > 0) await CreateAsync(admin, missing, patience);
        await CheckAsync(admin, missing, patience);
    }

    private static async Task CreateAsync(IAdminClient admin, List<TopicSpecification> missing, TimeSpan patience)
    {
        try
        {
            await admin.CreateTopicsAsync(missing, new CreateTopicsOptions { OperationTimeout = patience, RequestTimeout = patience });
        }
        catch (CreateTopicsException e) when (e.Results.All(r => r.Error.Code is ErrorCode.NoError or ErrorCode.TopicAlreadyExists))
        {
            // Another service was faster.
        }
    }

    /// <summary>Waits until what was created can be seen, and checks that a vehicle's partition has one number everywhere.</summary>
    private static async Task CheckAsync(IAdminClient admin, List<TopicSpecification> created, TimeSpan patience)
    {
        var until = DateTime.UtcNow + patience;
        Dictionary<string, int> seen;
        while (true)
        {
            seen = Partitions(admin.GetMetadata(patience));
            var absent = created.Where(t => !seen.ContainsKey(t.Name)).Select(t => t.Name).ToList();
            if (absent.Count == 0) break;
            if (DateTime.UtcNow > until)
                throw new InvalidOperationException($"The log accepted the topics {string.Join(", ", absent)} but still does not show them after {patience}.");
            await Task.Delay(TimeSpan.FromMilliseconds(100));
        }

        var byVehicle = All.Where(t => t.ByVehicle).ToDictionary(t => t.Name, t => seen[t.Name]);
        if (byVehicle.Values.Distinct().Count() > 1)
        {
            var found = string.Join(", ", byVehicle.Select(t => $"{t.Key}: {t.Value}"));
            throw new InvalidOperationException(
                $"Topics keyed by vehicle must have the same number of partitions, but the log has {found}. Create them anew, or add partitions to the smaller ones.");
        }
    }

    private static Dictionary<string, int> Partitions(Metadata metadata) =>
        metadata.Topics.Where(t => t.Error.Code == ErrorCode.NoError).ToDictionary(t => t.Topic, t => t.Partitions.Count);

    private static TopicSpec Kept(string name) => ByVehicle(name, ("cleanup.policy", "delete"), ("retention.ms", "-1"));

    private static TopicSpec Expiring(string name) => ByVehicle(name, ("cleanup.policy", "delete"), ("retention.ms", Days(7)));

    private static TopicSpec Compacted(string name) => ByVehicle(name, ("cleanup.policy", "compact"));

    private static TopicSpec ByVehicle(string name, params (string, string)[] settings) =>
        new(name, DefaultPartitions, Settings(settings)) { ByVehicle = true };

    private static Dictionary<string, string> Settings(params (string Key, string Value)[] settings) =>
        settings.ToDictionary(s => s.Key, s => s.Value);

    private static string Days(int days) => ((long)TimeSpan.FromDays(days).TotalMilliseconds).ToString();
}
