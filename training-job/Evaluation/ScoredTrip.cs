using Kappa.Iot.Contracts;
using Kappa.Iot.Detection;

namespace Kappa.Iot.TrainingJob.Evaluation;

/// <summary>A trip as the production code saw it.</summary>
/// <param name="vehicle">The trip's vehicle id.</param>
/// <param name="keepSteps">Keeps what the model saw in every batch.</param>
internal sealed class ScoredTrip(string vehicle, bool keepSteps)
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

    /// <summary>Every batch, with what the model saw in it; none where they are not kept.</summary>
    public IReadOnlyList<ScoredStep> Steps => _steps;

    public long StartMs => _samples.Count == 0 ? 0 : _samples[0].TimeMs;

    public long EndMs => _samples.Count == 0 ? 0 : _samples[^1].TimeMs;

    /// <summary>Plays traces, one after the other.</summary>
    /// <returns>A trip a vehicle, in the order they appear.</returns>
    public static IReadOnlyList<ScoredTrip> Play(IDetector detector, IEnumerable<TelemetryBatch> batches)
    {
        var player = new TripPlayer(detector);
        var offset = 0L;
        foreach (var batch in batches) player.Take(batch, partition: 0, offset++);
        return player.Trips;
    }

    /// <summary>Takes the vehicle's next batch.</summary>
    public void Take(IDetector detector, TelemetryBatch batch, int partition, long offset)
    {
        var result = _fold.Apply(detector, batch, partition, offset);
        if (result.Score is not { } score) return;
        if (keepSteps) _steps.Add(ScoredStep.Of(score, detector, _fold.Window!));
        var samples = batch.Columns.Count == 0 ? 0 : batch.Columns[0].Values.Count;
        for (var i = 0; i < samples; i++) _samples.Add((batch.StartTimeMs + i * batch.SampleIntervalMs, score.Score_));
        _alerts.AddRange(result.Alerts.Where(alert => _raised.Add(alert.AlertId)));
    }
}
