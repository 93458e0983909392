using Kappa.Iot.Contracts;
using Kappa.Iot.Detection;

namespace Kappa.Iot.TrainingJob.Evaluation;

/// <summary>A trip as the production code saw it.</summary>
/// <param name="vehicle">The trip's vehicle id.</param>
internal sealed class ScoredTrip(string vehicle)
{
    private readonly VehicleFold _fold = new(vehicle);
    private readonly HashSet<string> _raised = new(StringComparer.Ordinal);
    private readonly List<(long TimeMs, float Score)> _samples = [];
    private readonly List<Alert> _alerts = [];
    private readonly List<ScoredStep> _steps = [];

    public string Vehicle { get; } = vehicle;

    /// <summary>Time and score of every sample: that of the batch it came with.</summary>
    public IReadOnlyList<(long TimeMs, float Score)> Samples => _samples;

    /// <summary>Every alert as it was raised.</summary>
    public IReadOnlyList<Alert> Alerts => _alerts;

    /// <summary>Every batch, with what the model saw in it.</summary>
    public IReadOnlyList<ScoredStep> Steps => _steps;

    public long StartMs => _samples.Count == 0 ? 0 : _samples[0].TimeMs;

    /// <summary>Plays a trace through the fold that the scorer runs.</summary>
    /// <param name="detector">The model.</param>
    /// <param name="batches">Of any number of vehicles, each in its own order.</param>
    /// <returns>A trip a vehicle, in the order they appear.</returns>
    public static IReadOnlyList<ScoredTrip> Play(IDetector detector, IEnumerable<TelemetryBatch> batches)
    {
        var trips = new List<ScoredTrip>();
        var byVehicle = new Dictionary<string, ScoredTrip>(StringComparer.Ordinal);
        var offset = 0L;
        foreach (var batch in batches)
        {
            if (!byVehicle.TryGetValue(batch.Vin, out var trip))
            {
                byVehicle.Add(batch.Vin, trip = new ScoredTrip(batch.Vin));
                trips.Add(trip);
            }
            trip.Take(detector, batch, offset++);
        }
        return trips;
    }

    private void Take(IDetector detector, TelemetryBatch batch, long offset)
    {
        var result = _fold.Apply(detector, batch, partition: 0, offset);
        if (result.Score is not { } score) return;
        _steps.Add(ScoredStep.Of(score, detector, _fold.Window!));
        var samples = batch.Columns.Count == 0 ? 0 : batch.Columns[0].Values.Count;
        for (var i = 0; i < samples; i++) _samples.Add((batch.StartTimeMs + i * batch.SampleIntervalMs, score.Score_));
        _alerts.AddRange(result.Alerts.Where(alert => _raised.Add(alert.AlertId)));
    }
}
