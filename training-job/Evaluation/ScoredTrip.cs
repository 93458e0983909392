using Kappa.Iot.Contracts;
using Kappa.Iot.Detection;

namespace Kappa.Iot.TrainingJob.Evaluation;

/// <summary>A trip as the production code saw it.</summary>
/// <param name="Vehicle">The trip's vehicle id.</param>
/// <param name="Samples">Time and score of every sample: that of the batch it came with.</param>
/// <param name="Alerts">Every alert as it was raised.</param>
internal sealed record ScoredTrip(string Vehicle, IReadOnlyList<(long TimeMs, float Score)> Samples, IReadOnlyList<Alert> Alerts)
{
    public long StartMs => Samples.Count == 0 ? 0 : Samples[0].TimeMs;

    /// <summary>Plays a trip through the fold that the scorer runs.</summary>
    /// <param name="detector">The model.</param>
    /// <param name="batches">The trip, of one vehicle.</param>
    public static ScoredTrip Play(IDetector detector, IEnumerable<TelemetryBatch> batches)
    {
        VehicleFold? fold = null;
        var samples = new List<(long, float)>();
        var alerts = new List<Alert>();
        var raised = new HashSet<string>(StringComparer.Ordinal);
        var offset = 0L;
        foreach (var batch in batches)
        {
            fold ??= new VehicleFold(batch.Vin);
            var result = fold.Apply(detector, batch, partition: 0, offset++);
            if (result.Score is not { } score) continue;
            for (var i = 0; i < batch.Columns[0].Values.Count; i++) samples.Add((batch.StartTimeMs + i * batch.SampleIntervalMs, score.Score_));
            alerts.AddRange(result.Alerts.Where(alert => raised.Add(alert.AlertId)));
        }
        return new ScoredTrip(fold?.Vin ?? "", samples, alerts);
    }
}
