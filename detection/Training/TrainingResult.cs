namespace Kappa.Iot.Detection.Training;

/// <summary>A trained model and what there is to say about it.</summary>
/// <param name="Artifact">For <see cref="ModelArtifact.Load"/>.</param>
/// <param name="Metrics">Figures from vehicles that the respective sensors had not seen.</param>
/// <param name="Parameters">The options it was trained with.</param>
/// <param name="LeftOut">Signals of the data that the model does not use, and why.</param>
public sealed record TrainingResult(
    byte[] Artifact,
    IReadOnlyDictionary<string, double> Metrics,
    IReadOnlyDictionary<string, string> Parameters,
    IReadOnlyList<LeftOutSignal> LeftOut);

/// <summary>How far training has come.</summary>
/// <param name="Stage">What is being done, for a person.</param>
/// <param name="Done">Pieces of work done in this stage.</param>
/// <param name="Total">Pieces of work of this stage.</param>
public readonly record struct TrainingProgress(string Stage, int Done, int Total);
