using System.Text.Json.Serialization;
using Kappa.Iot.Contracts;
using Kappa.Iot.Detection;
using Kappa.Iot.Detection.Training;

namespace Kappa.Iot.TrainingJob.Drift;

/// <summary>Whether the telemetry of a range, and what the model says of it, are still what they were in training.</summary>
internal sealed record DriftReport
{
    // Fewer steps of ten seconds than an hour of driving say nothing.
    private const long LeastSteps = 360;

    /// <summary>Read at most; of more, vehicles are left out by the hash of their id, as in training.</summary>
    public static TrainingOptions Limits { get; } = new() { MaxSteps = 100_000 };

    [JsonPropertyName("profile")] public required string Profile { get; init; }

    [JsonPropertyName("model_id")] public required string ModelId { get; init; }

    [JsonPropertyName("drifted")] public bool Drifted => Lines.Any(line => line.Drifted);

    [JsonPropertyName("vehicles")] public required int Vehicles { get; init; }

    [JsonPropertyName("batches")] public required long Batches { get; init; }

    [JsonPropertyName("thresholds")] public required DriftThresholds Thresholds { get; init; }

    /// <summary>The scores first, then the signals, those that moved most first.</summary>
    [JsonPropertyName("lines")] public required IReadOnlyList<DriftLine> Lines { get; init; }

    /// <summary>Compares.</summary>
    /// <param name="version">The model, with the summary of its training.</param>
    /// <param name="detector">The same, loaded.</param>
    /// <param name="set">What was read of the range.</param>
    /// <param name="thresholds">From where on a change is drift.</param>
    /// <param name="cancel">Stops it.</param>
    /// <exception cref="CommandException">The model has no summary, or there is too little telemetry.</exception>
    public static DriftReport Of(ModelVersion version, IDetector detector, TrainingSet set, DriftThresholds thresholds, CancellationToken cancel)
    {
        if (version.Summary is null) throw new CommandException($"Model '{version.ModelId}' has no distributions to compare with: it was registered without --traces, or trained before they were kept. Register or train, and promote, a new one.");
        if (set.Steps < LeastSteps)
            throw new CommandException($"There is less than an hour of driving of profile '{version.Profile}' in the range: too little to tell drift. Give a longer range.");
        var drives = set.Drives();
        var now = Distributions.OfSignals(drives).ToDictionary(sample => sample.Signal);
        var batches = drives.Sum(drive => (long)drive.Count);
        var signals = version.Summary.Signals.Select(kept => DriftLine.Of(Sample.Of(kept), now.GetValueOrDefault(kept.Signal) ?? new Sample(kept.Signal, [], batches), thresholds));
        var scores = DriftLine.Of(Sample.Of(version.Summary.Scores), Scores(detector, drives, cancel), thresholds);
        return new DriftReport
        {
            Profile = version.Profile,
            ModelId = version.ModelId,
            Vehicles = drives.Count,
            Batches = batches,
            Thresholds = thresholds,
            Lines = [scores, .. signals.OrderByDescending(line => line.Psi)],
        };
    }

    /// <summary>What is kept with a model: its signals, and what the model itself says of its training data.</summary>
    /// <param name="set">What it was trained on.</param>
    /// <param name="detector">What came of it.</param>
    /// <param name="cancel">Stops it.</param>
    public static TrainingSummary Summarise(TrainingSet set, IDetector detector, CancellationToken cancel)
    {
        var drives = set.Drives();
        var summary = new TrainingSummary { Scores = Distributions.Keep(Scores(detector, drives, cancel)) };
        summary.Signals.AddRange(Distributions.OfSignals(drives).Select(Distributions.Keep));
        return summary;
    }

    // Below this a difference of scores means nothing, and a model is always a little surer of what it has seen.
    private const float ScoreStep = 0.05f;

    /// <summary>What the model says of each batch that it can judge, by the code that scores live; in steps of 0.05.</summary>
    private static Sample Scores(IDetector detector, IReadOnlyList<IReadOnlyList<TelemetryBatch>> drives, CancellationToken cancel)
    {
        var scores = new List<float>[drives.Count];
        Parallel.For(0, drives.Count, new ParallelOptions { CancellationToken = cancel, MaxDegreeOfParallelism = Environment.ProcessorCount }, d =>
        {
            var fold = new VehicleFold(drives[d].Count == 0 ? "" : drives[d][0].Vin);
            scores[d] = [];
            for (var offset = 0; offset < drives[d].Count; offset++)
            {
                if (fold.Apply(detector, drives[d][offset], partition: 0, offset).Score is { Contributions.Count: > 0 } score) scores[d].Add(MathF.Round(score.Score_ / ScoreStep) * ScoreStep);
            }
        });
        return Sample.Of(Distributions.Scores, scores.SelectMany(of => of), missing: 0);
    }
}
