using System.Diagnostics;
using Kappa.Iot.Contracts;
using Kappa.Iot.Detection;

namespace Kappa.Iot.TrainingJob.Backtests;

/// <summary>One model playing a range of the log with the code that scores live.</summary>
internal sealed class BacktestSide(IDetector detector)
{
    private readonly Dictionary<string, VehicleFold> _folds = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Alert> _episodes = new(StringComparer.Ordinal);
    // Of costs, five per cent wide: their median is not moved by what else the machine does.
    private readonly long[] _costs = new long[400];

    public string ModelId => detector.ModelId;

    public long Scored { get; private set; }

    /// <summary>Every alert as it stood last, by the time it was raised.</summary>
    public IReadOnlyList<Alert> Alerts => [.. _episodes.Values.OrderBy(alert => alert.RaisedAtMs).ThenBy(alert => alert.Vin, StringComparer.Ordinal).ThenBy(alert => alert.Type)];

    /// <summary>Features, models and episodes on one core: what half of the batches cost at most, to five per cent.</summary>
    public double MicrosecondsPerBatch
    {
        get
        {
            var seen = 0L;
            for (var bin = 0; bin < _costs.Length && Scored > 0; bin++)
            {
                seen += _costs[bin];
                if (2 * seen >= Scored) return Math.Pow(BinWidth, bin) / 10;
            }
            return 0;
        }
    }

    private const double BinWidth = 1.05;

    public FoldResult Take(TelemetryBatch batch, int partition, long offset)
    {
        if (!_folds.TryGetValue(batch.Vin, out var fold)) _folds.Add(batch.Vin, fold = new VehicleFold(batch.Vin));
        var began = Stopwatch.GetTimestamp();
        var result = fold.Apply(detector, batch, partition, offset);
        var ended = Stopwatch.GetTimestamp();
        if (result.Outcome == FoldOutcome.Scored)
        {
            var tenths = Math.Max(1, Stopwatch.GetElapsedTime(began, ended).TotalMicroseconds * 10);
            _costs[(int)Math.Min(_costs.Length - 1, Math.Ceiling(Math.Log(tenths, BinWidth)))]++;
            Scored++;
        }
        foreach (var alert in result.Alerts) _episodes[alert.AlertId] = alert;
        return result;
    }
}
