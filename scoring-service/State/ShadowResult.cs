using Kappa.Iot.Contracts;
using Kappa.Iot.Detection;

namespace Kappa.Iot.ScoringService;

/// <summary>What a model on trial said of a batch: a score, or that it broke.</summary>
internal readonly record struct ShadowResult(IDetector Model, Score? Score, Exception? Failure);
