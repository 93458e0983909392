using Kappa.Iot.Contracts;
using Kappa.Iot.Detection;
using Kappa.Iot.TrainingJob.Evaluation;

namespace Kappa.Iot.TrainingJob.Export;

/// <summary>Plays telemetry through the fold that scores live, and tells every scored batch to a file. Holds a fold a vehicle.</summary>
/// <param name="detector">The model.</param>
/// <param name="file">Takes the rows.</param>
internal sealed class StepExport(IDetector detector, StepFile file)
{
    private readonly Dictionary<string, VehicleFold> _folds = new(StringComparer.Ordinal);

    /// <summary>Vehicles so far.</summary>
    public int Vehicles => _folds.Count;

    /// <summary>Batches that were there already, or came too late for the window: not scored live either.</summary>
    public long NotScored { get; private set; }

    /// <summary>Batches of other profiles.</summary>
    public long OtherProfiles { get; private set; }

    public async ValueTask AddAsync(TelemetryBatch batch, int partition, long offset, CancellationToken cancel)
    {
        if (batch.Profile != detector.Profile)
        {
            OtherProfiles++;
            return;
        }
        if (!_folds.TryGetValue(batch.Vin, out var fold)) _folds.Add(batch.Vin, fold = new VehicleFold(batch.Vin));
        if (fold.Apply(detector, batch, partition, offset).Score is { } score) await file.AddAsync(ScoredStep.Of(score, detector, fold.Window!), cancel);
        else NotScored++;
    }
}
