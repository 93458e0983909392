namespace Kappa.Iot.ScoringService;

/// <summary>How far a generation is, over all processes that work on it.</summary>
/// <param name="Done">Records of the range that are scored and committed.</param>
/// <param name="Total">Records of the range, warm-up included.</param>
internal readonly record struct ReprocessProgress(long Done, long Total);
