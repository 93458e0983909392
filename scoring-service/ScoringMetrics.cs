using System.Diagnostics.Metrics;
using Kappa.Iot.Contracts;

namespace Kappa.Iot.ScoringService;

/// <summary>What the scorer did; meter <c>Kappa.Iot.Scoring</c>. Batches and alerts are counted once they are committed.</summary>
public sealed class ScoringMetrics
{
    public const string MeterName = "Kappa.Iot.Scoring";

    private readonly Counter<long> _batches;
    private readonly Counter<long> _trials;
    private readonly Counter<long> _missed;
    private readonly Counter<long> _alerts;
    private readonly Counter<long> _fleetAlerts;
    private readonly Counter<long> _deadLetters;
    private readonly Counter<long> _snapshots;
    private readonly Counter<long> _snapshotBytes;
    private readonly Histogram<double> _restores;
    private readonly Counter<long> _replayed;
    private readonly Counter<long> _swaps;
    private readonly Counter<long> _failures;
    private readonly Meter _meter;

    public ScoringMetrics(IMeterFactory meters)
    {
        _meter = meters.Create(MeterName);
        _batches = _meter.CreateCounter<long>("kappa.scoring.batches", "{batch}", "Batches by what became of them: scored, unscored, duplicate, late. What was unscored and is scored later by its profile's first model is in both.");
        _trials = _meter.CreateCounter<long>("kappa.scoring.shadow.batches", "{batch}", "Batches that models on trial were given, by what became of them: scored, failed.");
        _missed = _meter.CreateCounter<long>("kappa.scoring.gaps", "{batch}", "Batches that are missing in their vehicle's sequence.");
        _alerts = _meter.CreateCounter<long>("kappa.scoring.alerts", "{alert}", "Changes of alerts by status, type and severity.");
        _fleetAlerts = _meter.CreateCounter<long>("kappa.scoring.fleet.alerts", "{alert}", "Changes of alerts about many vehicles, by status and measure.");
        _deadLetters = _meter.CreateCounter<long>("kappa.scoring.dead-letters", "{record}", "Records of telemetry that could not be scored, by reason.");
        _snapshots = _meter.CreateCounter<long>("kappa.scoring.snapshots", "{snapshot}", "Vehicles whose state was written to the log.");
        _snapshotBytes = _meter.CreateCounter<long>("kappa.scoring.snapshots.size", "By", "Bytes of that state.");
        _restores = _meter.CreateHistogram<double>("kappa.scoring.restore.duration", "s", "Time to restore the state of newly assigned partitions.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [.1, .2, .5, 1, 2, 5, 10, 20, 60] });
        _replayed = _meter.CreateCounter<long>("kappa.scoring.restore.batches", "{batch}", "Batches read again to restore state.");
        _swaps = _meter.CreateCounter<long>("kappa.scoring.models.loaded", "{model}", "Models that became active or were put on trial, by profile.");
        _failures = _meter.CreateCounter<long>("kappa.scoring.models.failed", "{model}", "Models that were promoted or put on trial and could not be loaded, by profile.");
    }

    internal void ObserveModels(Func<ModelSet> models, SpeakingModels speaking)
    {
        _meter.CreateObservableGauge(
            "kappa.scoring.models.active",
            () => speaking.Active(models()).Select(model => new Measurement<int>(1, new("profile", model.Profile), new("model", model.ModelId))),
            "{model}", "1 for each model that scores now, in one partition or more.");
        _meter.CreateObservableGauge(
            "kappa.scoring.models.warming",
            () => speaking.Warming().Select(model => new Measurement<int>(model.Partitions, new("profile", model.Profile), new("model", model.ModelId))),
            "{partition}", "Partitions whose past a promoted model still reads, or a profile's first one still scores, before it takes over.");
        _meter.CreateObservableGauge(
            "kappa.scoring.models.shadow",
            () => models().Shadows.SelectMany(models => models.Value.Select(model => new Measurement<int>(1, new("profile", models.Key), new("model", model.ModelId)))),
            "{model}", "1 for each model that is on trial now.");
    }

    internal void Count(BatchCounts counts)
    {
        if (counts.Scored > 0) _batches.Add(counts.Scored, Outcome("scored"));
        if (counts.Unscored > 0) _batches.Add(counts.Unscored, Outcome("unscored"));
        if (counts.Duplicates > 0) _batches.Add(counts.Duplicates, Outcome("duplicate"));
        if (counts.Late > 0) _batches.Add(counts.Late, Outcome("late"));
        if (counts.ShadowScored > 0) _trials.Add(counts.ShadowScored, Outcome("scored"));
        if (counts.ShadowFailed > 0) _trials.Add(counts.ShadowFailed, Outcome("failed"));
        if (counts.Missed > 0) _missed.Add(counts.Missed);
        foreach (var (reason, count) in counts.DeadLetters) _deadLetters.Add(count, new KeyValuePair<string, object?>("reason", reason));
        if (counts.Snapshots == 0) return;
        _snapshots.Add(counts.Snapshots);
        _snapshotBytes.Add(counts.SnapshotBytes);
    }

    internal void Count(Alert alert) => _alerts.Add(1,
        new("status", alert.Status.ToString().ToLowerInvariant()), new("type", alert.Type.ToString().ToLowerInvariant()), new("severity", alert.Severity.ToString().ToLowerInvariant()));

    internal void Count(FleetAlert alert) => _fleetAlerts.Add(1, new("status", alert.Status.ToString().ToLowerInvariant()), new("measure", alert.Measure.ToString().ToLowerInvariant()));

    internal void Restored(TimeSpan duration, long batches)
    {
        _restores.Record(duration.TotalSeconds);
        _replayed.Add(batches);
    }

    internal void ModelLoaded(string profile) => _swaps.Add(1, new KeyValuePair<string, object?>("profile", profile));

    internal void ModelFailed(string profile) => _failures.Add(1, new KeyValuePair<string, object?>("profile", profile));

    private static KeyValuePair<string, object?> Outcome(string outcome) => new("outcome", outcome);
}
