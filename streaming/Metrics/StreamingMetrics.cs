using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Confluent.Kafka;

namespace Kappa.Iot.Streaming;

/// <summary>How far behind the log's readers are and how they work; meter <c>Kappa.Iot.Streaming</c>. One for all readers of a process.</summary>
public sealed class StreamingMetrics
{
    public const string MeterName = "Kappa.Iot.Streaming";

    private readonly ConcurrentDictionary<(string Group, TopicPartition Partition), Progress> _progress = new();
    private readonly TimeProvider _time;
    private readonly Histogram<int> _batchSize;
    private readonly Histogram<double> _commitDuration;
    private readonly Counter<long> _records;
    private readonly Counter<long> _rebalances;
    private readonly Counter<long> _retries;

    public StreamingMetrics(IMeterFactory meters, TimeProvider time)
    {
        _time = time;
        var meter = meters.Create(MeterName);
        _records = meter.CreateCounter<long>("kappa.streaming.records", "{record}", "Records taken from the log.");
        _batchSize = meter.CreateHistogram<int>("kappa.streaming.batch.size", "{record}", "Records handled at once.",
            advice: new InstrumentAdvice<int> { HistogramBucketBoundaries = [1, 10, 50, 100, 500, 1_000, 2_000, 5_000, 10_000] });
        _commitDuration = meter.CreateHistogram<double>("kappa.streaming.commit.duration", "s", "Time to commit what was handled.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [.001, .002, .005, .01, .02, .05, .1, .2, .5, 1, 2, 5, 10] });
        _rebalances = meter.CreateCounter<long>("kappa.streaming.rebalances", "{rebalance}", "Changes of the partitions a reader is assigned.");
        _retries = meter.CreateCounter<long>("kappa.streaming.retries", "{retry}", "Batches that had to be handled again.");
        meter.CreateObservableGauge("kappa.streaming.lag.records", ObserveRecords, "{record}", "Records in the log that are not yet handled.");
        meter.CreateObservableGauge("kappa.streaming.lag.time", ObserveTime, "s", "Age of the last record handled, by the record's own time; 0 where nothing is left to handle.");
    }

    internal void Handled(string group, int records)
    {
        var tag = new KeyValuePair<string, object?>("group", group);
        _records.Add(records, tag);
        _batchSize.Record(records, tag);
    }

    internal void Committed(string group, TimeSpan duration) =>
        _commitDuration.Record(duration.TotalSeconds, new KeyValuePair<string, object?>("group", group));

    internal void Rebalanced(string group, string kind) => _rebalances.Add(1, new("group", group), new("kind", kind));

    internal void Retried(string group) => _retries.Add(1, new KeyValuePair<string, object?>("group", group));

    internal void Reached(string group, TopicPartition partition, long next, long end, Timestamp last) =>
        _progress[(group, partition)] = new Progress(Math.Max(0, end - next), last.Type == TimestampType.NotAvailable ? null : last.UnixTimestampMs);

    internal void Left(string group, TopicPartition partition) => _progress.TryRemove((group, partition), out _);

    private IEnumerable<Measurement<long>> ObserveRecords() =>
        _progress.Select(p => new Measurement<long>(p.Value.Behind, Tags(p.Key.Group, p.Key.Partition)));

    private IEnumerable<Measurement<double>> ObserveTime()
    {
        var now = _time.GetUtcNow().ToUnixTimeMilliseconds();
        foreach (var (key, progress) in _progress)
        {
            if (progress.LastTimeMs is not { } last) continue;
            var behind = progress.Behind == 0 ? 0 : Math.Max(0, now - last) / 1000d;
            yield return new Measurement<double>(behind, Tags(key.Group, key.Partition));
        }
    }

    private static TagList Tags(string group, TopicPartition partition) =>
        new() { { "group", group }, { "topic", partition.Topic }, { "partition", partition.Partition.Value } };

    private readonly record struct Progress(long Behind, long? LastTimeMs);
}
