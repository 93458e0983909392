using Kappa.Iot.Contracts;
using Kappa.Iot.Detection;

namespace Kappa.Iot.TrainingJob.Evaluation;

/// <summary>A scored batch, and what every signal was and should have been in its last step of ten seconds.</summary>
/// <param name="Score">As the scorer writes it.</param>
/// <param name="Signals">Ids, in the order of the values.</param>
/// <param name="Observed">Means of the step; NaN where there was no sample.</param>
/// <param name="Expected">What the model expected; NaN where it cannot say.</param>
internal sealed record ScoredStep(Score Score, IReadOnlyList<uint> Signals, float[] Observed, float[] Expected)
{
    /// <summary>Reads the values of the batch that was scored last.</summary>
    public static ScoredStep Of(Score score, IDetector detector, VehicleWindow window)
    {
        var signals = window.Shape.Signals;
        var step = new ScoredStep(score, signals, new float[signals.Count], new float[signals.Count]);
        detector.Explain(window, step.Observed, step.Expected);
        return step;
    }

    /// <summary>A signal's share of the score; 0 for those that are not named with it.</summary>
    public float ShareOf(uint signal) => Score.Contributions.FirstOrDefault(part => part.Signal == signal)?.Share ?? 0;
}
