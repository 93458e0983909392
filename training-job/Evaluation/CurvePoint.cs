namespace Kappa.Iot.TrainingJob.Evaluation;

/// <summary>What a threshold would do, by sample.</summary>
/// <param name="Threshold">Samples of this score and more are called odd.</param>
/// <param name="Recall">Share of the odd samples that are.</param>
/// <param name="Precision">Share of those called odd that are.</param>
/// <param name="FalsePositives">Share of the normal samples that are called odd.</param>
internal readonly record struct CurvePoint(float Threshold, double Recall, double Precision, double FalsePositives);
