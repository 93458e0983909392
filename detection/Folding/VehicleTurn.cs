using Kappa.Iot.Contracts;

namespace Kappa.Iot.Detection;

/// <summary>A vehicle's turn in a <see cref="FoldGroup"/>: a batch, and what came of it. Used again and again.</summary>
public sealed class VehicleTurn
{
    /// <summary>What came of the batch; not where there is a <see cref="Failure"/>.</summary>
    public FoldResult Result { get; internal set; }

    /// <summary>The batch broke the fold or the detector: the vehicle must be started anew.</summary>
    public Exception? Failure { get; internal set; }

    internal VehicleFold Fold { get; set; } = null!;

    internal IDetector Detector { get; set; } = null!;

    internal VehicleWindow Window { get; set; } = null!;

    internal TelemetryBatch Batch { get; set; } = null!;

    internal long Offset { get; set; }

    internal Score? Score { get; set; }

    /// <summary>Has it scored by itself.</summary>
    internal void Take(IDetector detector)
    {
        try
        {
            Score = detector.Apply(Window, Batch);
        }
#pragma warning disable CA1031 // One batch that breaks the detector must not stop those of other vehicles.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Failure = e;
        }
    }

    /// <summary>Takes the score into the fold.</summary>
    internal void End(int partition)
    {
        if (Score is null) return;
        try
        {
            Result = Fold.End(Score, Batch, partition, Offset, Result.Missed);
        }
#pragma warning disable CA1031 // As above.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Failure = e;
        }
    }
}
