using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Kappa.Iot.Streaming;

/// <summary>
/// How far behind the log's readers are and how they work; meter <c>Kappa.Iot.Streaming</c>. One for all readers of a process: members of
/// groups are told apart by the tag <c>group</c>, those that follow topics without a group by the tag <c>reader</c>.
/// </summary>
public sealed class StreamingMetrics
{
    public const string MeterName = "Kappa.Iot.Streaming";

    private readonly ConcurrentDictionary<PartitionLag, bool> _lags = new();
    private readonly TimeProvider _time;

    public StreamingMetrics(IMeterFactory meters, TimeProvider time)
    {
        _time = time;
        var meter = meters.Create(MeterName);
        Records = meter.CreateCounter<long>("kappa.streaming.records", "{record}", "Records taken from the log.");
        BatchSize = meter.CreateHistogram<int>("kappa.streaming.batch.size", "{record}", "Records handled at once.",
            advice: new InstrumentAdvice<int> { HistogramBucketBoundaries = [1, 10, 50, 100, 500, 1_000, 2_000, 5_000, 10_000] });
        CommitDuration = meter.CreateHistogram<double>("kappa.streaming.commit.duration", "s", "Time to commit what was handled.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [.001, .002, .005, .01, .02, .05, .1, .2, .5, 1, 2, 5, 10] });
        Rebalances = meter.CreateCounter<long>("kappa.streaming.rebalances", "{rebalance}", "Changes of the partitions a reader is assigned.");
        Retries = meter.CreateCounter<long>("kappa.streaming.retries", "{retry}", "Batches that had to be handled again.");
        DeadLetters = meter.CreateCounter<long>("kappa.streaming.dead-letters", "{record}", "Records that no try could process and that were put aside in the dead-letter topic. Each is logged with its position.");
        meter.CreateObservableGauge("kappa.streaming.lag.records", ObserveRecords, "{record}",
            "Records in the log that are not yet handled (by a member of a group: not yet committed), also while it restores or tries again. The log is asked for its end every few seconds.");
        meter.CreateObservableGauge("kappa.streaming.lag.time", ObserveTime, "s",
            "Age, by its own time, of the oldest record that is read and not yet handled; where none is read, of the last one handled; 0 where nothing is left to handle; not told while neither is known.");
    }

    internal Counter<long> Records { get; }

    internal Histogram<int> BatchSize { get; }

    internal Histogram<double> CommitDuration { get; }

    internal Counter<long> Rebalances { get; }

    internal Counter<long> Retries { get; }

    internal Counter<long> DeadLetters { get; }

    /// <summary>A member of a group.</summary>
    internal ReaderMetrics OfGroup(string group) => new(this, new("group", group));

    /// <summary>One that follows topics without a group.</summary>
    internal ReaderMetrics OfReader(string name) => new(this, new("reader", name));

    internal void Add(PartitionLag lag) => _lags[lag] = true;

    internal void Remove(PartitionLag lag) => _lags.TryRemove(lag, out _);

    private IEnumerable<Measurement<long>> ObserveRecords()
    {
        foreach (var (lag, _) in _lags)
            if (lag.Records is { } records) yield return new Measurement<long>(records, lag.Tags);
    }

    private IEnumerable<Measurement<double>> ObserveTime()
    {
        var now = _time.GetUtcNow().ToUnixTimeMilliseconds();
        foreach (var (lag, _) in _lags)
            if (lag.Seconds(now) is { } seconds) yield return new Measurement<double>(seconds, lag.Tags);
    }
}
