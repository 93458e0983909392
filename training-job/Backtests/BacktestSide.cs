using System.Diagnostics;
using Kappa.Iot.Contracts;
using Kappa.Iot.Detection;

namespace Kappa.Iot.TrainingJob.Backtests;

/// <summary>One model playing a range of the log with the code that scores live.</summary>
internal sealed class BacktestSide(IDetector detector)
{
    private readonly Dictionary<string, VehicleFold> _folds = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Alert> _episodes = new(StringComparer.Ordinal);
    private long _ticks;

    public string ModelId => detector.ModelId;

    public long Scored { get; private set; }

    /// <summary>Every alert as it stood last, by the time it was raised.</summary>
    public IReadOnlyList<Alert> Alerts => [.. _episodes.Values.OrderBy(alert => alert.RaisedAtMs).ThenBy(alert => alert.Vin, StringComparer.Ordinal).ThenBy(alert => alert.Type)];

    /// <summary>Features, models and episodes, on one core.</summary>
    public double MicrosecondsPerBatch => Scored == 0 ? 0 : _ticks * 1e6 / Stopwatch.Frequency / Scored;

    public FoldResult Take(TelemetryBatch batch, int partition, long offset)
    {
        if (!_folds.TryGetValue(batch.Vin, out var fold)) _folds.Add(batch.Vin, fold = new VehicleFold(batch.Vin));
        var began = Stopwatch.GetTimestamp();
        var result = fold.Apply(detector, batch, partition, offset);
        if (result.Outcome == FoldOutcome.Scored)
        {
            _ticks += Stopwatch.GetTimestamp() - began;
            Scored++;
        }
        foreach (var alert in result.Alerts) _episodes[alert.AlertId] = alert;
        return result;
    }
}
