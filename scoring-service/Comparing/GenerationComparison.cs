using System.IO.Hashing;
using Confluent.Kafka;
using Google.Protobuf;
using Kappa.Iot.Contracts;
using Kappa.Iot.Streaming;

namespace Kappa.Iot.ScoringService;

/// <summary>Compares what two generations say about the telemetry that both have scored, one partition after the other.</summary>
internal sealed class GenerationComparison(KafkaOptions kafka, ILogger logger)
{
    public ScoreDifferences Scores { get; } = new();

    public List<AlertDifference> Alerts { get; } = [];

    public IEnumerable<AlertDifference> With(AlertFate fate) => Alerts.Where(alert => alert.Fate == fate);

    /// <param name="first">One of them.</param>
    /// <param name="second">The other.</param>
    /// <param name="progress">Told the share that is compared.</param>
    public async Task RunAsync(ComparedSide first, ComparedSide second, IProgress<double> progress, CancellationToken cancel)
    {
        var reader = new LogReader(kafka, "compare", logger);
        var topics = new Dictionary<string, IReadOnlyList<LogRange>>(StringComparer.Ordinal);
        foreach (var topic in (string[])[first.Scores, first.Alerts, second.Scores, second.Alerts])
            topics[topic] = await reader.FindAsync(topic, LogStart.Beginning, cancel);

        var partitions = first.Telemetry.Keys.Intersect(second.Telemetry.Keys).Order().ToList();
        for (var i = 0; i < partitions.Count; i++)
        {
            var partition = partitions[i];
            var common = new Common(first, second, partition);
            var (ours, theirs) = (await ReadScoresAsync(first.Scores), await ReadScoresAsync(second.Scores));
            Compare(first, second, partition, ours, theirs);
            // An alert belongs to the comparison where the score that raised it does.
            var (alerts, otherAlerts) = (await ReadAlertsAsync(first.Alerts, ours), await ReadAlertsAsync(second.Alerts, theirs));
            Alerts.AddRange(AlertMatching.Match(alerts, otherAlerts));
            progress.Report((i + 1) / (double)partitions.Count);

            async Task<Dictionary<long, Scored>> ReadScoresAsync(string topic)
            {
                var found = new Dictionary<long, Scored>();
                await ReadAsync(reader, topics[topic], partition, record =>
                {
                    var score = Contracts.Score.Parser.ParseFrom(record);
                    if (!score.Shadow && common.Has(score)) found[score.TelemetryOffset] = new Scored(score.Score_, XxHash3.HashToUInt64(record));
                }, cancel);
                return found;
            }

            async Task<List<Alert>> ReadAlertsAsync(string topic, Dictionary<long, Scored> raisedBy)
            {
                var found = new Dictionary<string, Alert>(StringComparer.Ordinal);
                await ReadAsync(reader, topics[topic], partition, record =>
                {
                    var alert = Alert.Parser.ParseFrom(record);
                    if (raisedBy.ContainsKey(alert.FirstOffset) && common.Has(alert)) found[alert.AlertId] = alert;
                }, cancel);
                return [.. found.Values];
            }
        }
    }

    private void Compare(ComparedSide first, ComparedSide second, int partition, Dictionary<long, Scored> ours, Dictionary<long, Scored> theirs)
    {
        foreach (var (offset, one) in ours)
        {
            if (!theirs.TryGetValue(offset, out var other)) Scores.OnlyFirst++;
            else Scores.Add(one.Value, other.Value, one.Hash == other.Hash, () => $"telemetry {partition}@{offset}: {first.Name} {one.Value:0.######}, {second.Name} {other.Value:0.######}");
        }

        Scores.OnlySecond += theirs.Keys.Count(offset => !ours.ContainsKey(offset));
    }

    private static async Task ReadAsync(LogReader reader, IReadOnlyList<LogRange> ranges, int partition, Action<byte[]> take, CancellationToken cancel) =>
        await reader.ReadAsync([.. ranges.Where(range => range.Partition.Partition.Value == partition)], (records, _) =>
        {
            foreach (var record in records)
            {
                if (record.Message.Value is not { } value) continue;
                try
                {
                    take(value);
                }
                catch (InvalidProtocolBufferException e)
                {
                    throw new InvalidDataException($"The record {record.TopicPartitionOffset} cannot be read: {e.Message}", e);
                }
            }

            return ValueTask.CompletedTask;
        }, cancel);

    private readonly record struct Scored(float Value, ulong Hash);

    /// <summary>What both have scored of a partition.</summary>
    private sealed class Common(ComparedSide first, ComparedSide second, int partition)
    {
        private readonly long _from = Math.Max(first.Telemetry[partition].From, second.Telemetry[partition].From);
        private readonly long _to = Math.Min(first.Telemetry[partition].To, second.Telemetry[partition].To);
        private readonly long _fromMs = Math.Max(first.FromMs, second.FromMs);
        private readonly long _toMs = Math.Min(first.ToMs, second.ToMs);

        public bool Has(Score score) => score.TelemetryOffset >= _from && score.TelemetryOffset < _to && score.StartTimeMs >= _fromMs && score.StartTimeMs < _toMs;

        /// <summary>Changes of an alert that come of later telemetry are left out.</summary>
        public bool Has(Alert alert) => alert.LastOffset < _to && Math.Max(alert.LastSeenMs, alert.ClearedAtMs) <= _toMs;
    }
}
