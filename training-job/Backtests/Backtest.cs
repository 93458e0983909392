using Kappa.Iot.Contracts;
using Kappa.Iot.Detection;
using Kappa.Iot.TrainingJob.Log;

namespace Kappa.Iot.TrainingJob.Backtests;

/// <summary>
/// Plays a range of the log through two models beside each other, with the code that scores live. Memory holds two states a vehicle and the
/// alerts; telemetry streams through. Every vehicle starts with an empty window, as after a start.
/// </summary>
/// <param name="candidate">The model in question.</param>
/// <param name="against">The model it is compared with.</param>
internal sealed class Backtest(IDetector candidate, IDetector against)
{
    private readonly BacktestSide _candidate = new(candidate);
    private readonly BacktestSide _against = new(against);
    private readonly ScoreHistogram _scores = new();
    private readonly HashSet<string> _vehicles = new(StringComparer.Ordinal);
    private long _batches, _duplicates, _milliseconds;

    /// <summary>Plays the telemetry whose event time is in the range.</summary>
    /// <exception cref="CommandException">There is none.</exception>
    public async Task<BacktestReport> RunAsync(KafkaOptions kafka, DateTimeOffset from, DateTimeOffset to, IProgress<double> progress, Screen screen, CancellationToken cancel)
    {
        await new TelemetryRange(kafka, screen).ReadAsync((batch, partition, offset) =>
        {
            if (batch.Profile == candidate.Profile) Take(batch, partition, offset);
            return ValueTask.CompletedTask;
        }, from, to, progress, cancel);
        if (_batches == 0) throw new CommandException($"There is no telemetry of profile '{candidate.Profile}' on the log from {from:u} to {to:u}. Check the time range.");
        return Report(from, to);
    }

    private void Take(TelemetryBatch batch, int partition, long offset)
    {
        FoldResult one = _candidate.Take(batch, partition, offset), other = _against.Take(batch, partition, offset);
        _vehicles.Add(batch.Vin);
        if (one.Outcome != FoldOutcome.Scored)
        {
            _duplicates++;
            return;
        }
        _batches++;
        _milliseconds += one.Score!.DurationMs;
        // Without contributions a model could not judge the batch yet.
        if (one.Score.Contributions.Count > 0 && other.Score is { Contributions.Count: > 0 } score) _scores.Add(one.Score.Score_ - score.Score_);
    }

    private BacktestReport Report(DateTimeOffset from, DateTimeOffset to)
    {
        IReadOnlyList<Alert> own = _candidate.Alerts, others = _against.Alerts;
        var lines = AlertMatch.Pair(own, others).Select(BacktestReport.AlertLine.Of)
            .OrderBy(line => line.CandidateRaisedAt ?? line.AgainstRaisedAt).ThenBy(line => line.Vehicle, StringComparer.Ordinal).ToList();
        int Count(string change) => lines.Count(line => line.Change == change);
        return new BacktestReport
        {
            Profile = candidate.Profile,
            From = from,
            To = to,
            Vehicles = _vehicles.Count,
            Batches = _batches,
            Duplicates = _duplicates,
            VehicleHours = _milliseconds / 3_600_000.0,
            Candidate = new(_candidate.ModelId, own.Count, _candidate.MicrosecondsPerBatch),
            Against = new(_against.ModelId, others.Count, _against.MicrosecondsPerBatch),
            Gained = Count("gained"),
            Lost = Count("lost"),
            Earlier = Count("earlier"),
            Later = Count("later"),
            SameTime = Count("same"),
            Scores = new(_scores.Count, _scores.Mean, _scores.Quantile(0.5), _scores.Quantile(0.99), _scores.Largest),
            Alerts = lines,
        };
    }
}
