using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Kappa.Iot.ScoringService;

/// <summary>Adds up what this process committed, from the metrics that the live scorer has too.</summary>
internal sealed class ReprocessTotals : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<string, long> _totals = new(StringComparer.Ordinal);

    /// <param name="meters">The factory of the scorer's meter; others' meters of that name are not counted.</param>
    public ReprocessTotals(IMeterFactory meters)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == ScoringMetrics.MeterName && instrument.Meter.Scope == meters) listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            var name = instrument.Name;
            foreach (var tag in tags)
            {
                if (tag.Key == "outcome") name = $"{name}/{tag.Value}";
            }

            _totals.AddOrUpdate(name, value, (_, sum) => sum + value);
        });
        _listener.Start();
    }

    /// <param name="outcome">scored, unscored, duplicate or late.</param>
    public long Batches(string outcome) => _totals.GetValueOrDefault($"kappa.scoring.batches/{outcome}");

    public long Alerts => _totals.GetValueOrDefault("kappa.scoring.alerts");

    public long DeadLetters => _totals.GetValueOrDefault("kappa.scoring.dead-letters");

    public void Dispose() => _listener.Dispose();
}
