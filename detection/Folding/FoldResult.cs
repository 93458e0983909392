using Kappa.Iot.Contracts;

namespace Kappa.Iot.Detection;

/// <summary>What came of one batch.</summary>
/// <param name="Outcome">Whether it counted.</param>
/// <param name="Score">Its score, where it was scored; complete.</param>
/// <param name="Alerts">Episodes that were raised, grew more severe or were cleared; complete but for the time of writing.</param>
public readonly record struct FoldResult(FoldOutcome Outcome, Score? Score, IReadOnlyList<Alert> Alerts)
{
    /// <summary>Batches between the last one and this that never came.</summary>
    public ulong Missed { get; init; }
}
