using Kappa.Iot.Detection;

namespace Kappa.Iot.ScoringService;

/// <summary>What one transaction did in one partition.</summary>
internal sealed class BatchCounts
{
    public long Scored { get; private set; }

    public long Unscored { get; private set; }

    public long Duplicates { get; private set; }

    public long Late { get; private set; }

    /// <summary>By models on trial.</summary>
    public long ShadowScored { get; private set; }

    /// <summary>Batches that a model on trial broke on.</summary>
    public long ShadowFailed { get; private set; }

    public long Missed { get; private set; }

    public Dictionary<string, long> DeadLetters { get; } = [];

    public long Snapshots { get; private set; }

    public long SnapshotBytes { get; private set; }

    public void Add(FoldResult result)
    {
        // More than a vehicle sends in a thousand years is no gap but a made-up sequence, which must not overflow the sum.
        Missed += (long)Math.Min(result.Missed, uint.MaxValue);
        switch (result.Outcome)
        {
            case FoldOutcome.Scored: Scored++; break;
            case FoldOutcome.Unscored: Unscored++; break;
            case FoldOutcome.Duplicate: Duplicates++; break;
            case FoldOutcome.Late: Late++; break;
            default: throw new InvalidOperationException($"Nobody counts batches with the outcome {result.Outcome}.");
        }
    }

    public void Add(ShadowResult trial)
    {
        if (trial.Score is null) ShadowFailed++;
        else ShadowScored++;
    }

    public void AddDeadLetter(string reason) => DeadLetters[reason] = DeadLetters.GetValueOrDefault(reason) + 1;

    public void AddSnapshot(int bytes)
    {
        Snapshots++;
        SnapshotBytes += bytes;
    }

    public void Clear()
    {
        Scored = Unscored = Duplicates = Late = ShadowScored = ShadowFailed = Missed = Snapshots = SnapshotBytes = 0;
        DeadLetters.Clear();
    }
}
