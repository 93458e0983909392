namespace Kappa.Iot.Detection;

/// <summary>When nothing stirs in a vehicle, and what its evidence is then.</summary>
/// <param name="Below">Evidence of the classifier of all signals, in logits: below it, and where no residual is beyond all that normal driving has shown, the signals are not asked one by one.</param>
/// <param name="Evidence">What stands for theirs.</param>
public readonly record struct Rest(float Below, float Evidence);
