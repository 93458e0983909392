using Kappa.Iot.Contracts;

namespace Kappa.Iot.Detection;

/// <summary>What a detector said of one step; part of the window, because a batch without a complete step repeats it.</summary>
internal sealed class Verdict
{
    /// <summary>Signals that are named with a score.</summary>
    public const int MaxReasons = 6;

    private readonly Reason[] _reasons = new Reason[MaxReasons];

    /// <summary>False while there is not enough of the vehicle's past to say anything.</summary>
    public bool Judged { get; set; }

    public float Score { get; set; }

    /// <summary>The signals behind the score, most important first; their shares add up to it.</summary>
    public ReadOnlySpan<Reason> Reasons => _reasons.AsSpan(0, Count);

    private int Count { get; set; }

    public void Clear()
    {
        Judged = false;
        Score = 0;
        Count = 0;
    }

    public void CopyFrom(Verdict other)
    {
        (Judged, Score, Count) = (other.Judged, other.Score, other.Count);
        other._reasons.CopyTo(_reasons, 0);
    }

    public void Set(float score, ReadOnlySpan<Reason> reasons)
    {
        Judged = true;
        Score = score;
        Count = reasons.Length;
        reasons.CopyTo(_reasons);
    }

    /// <summary>Places of the largest values, largest first; those of minus infinity do not count.</summary>
    public static int Largest(ReadOnlySpan<float> values, Span<int> top)
    {
        var count = 0;
        for (var s = 0; s < values.Length; s++)
        {
            if (float.IsNegativeInfinity(values[s])) continue;
            var at = count < top.Length ? count++ : top.Length;
            if (at == top.Length && values[s] <= values[top[at - 1]]) continue;
            if (at == top.Length) at--;
            for (; at > 0 && values[top[at - 1]] < values[s]; at--) top[at] = top[at - 1];
            top[at] = s;
        }
        return count;
    }

    /// <summary>The score of a batch, as this has it.</summary>
    public Score Compose(IDetector detector, WindowShape shape, TelemetryBatch batch)
    {
        var score = new Score
        {
            Vin = batch.Vin,
            Profile = batch.Profile,
            ModelId = detector.ModelId,
            BootId = batch.BootId,
            Sequence = batch.Sequence,
            StartTimeMs = batch.StartTimeMs,
            DurationMs = (uint)Math.Min(uint.MaxValue, batch.DurationMs()),
            Score_ = Score,
        };
        foreach (var reason in Reasons)
        {
            score.Contributions.Add(new Contribution
            {
                Signal = shape.Signals[reason.Signal],
                Share = reason.Share,
                Observed = reason.Observed,
                Expected = reason.Expected,
            });
        }
        return score;
    }

    public void Save(BinaryWriter writer)
    {
        writer.Write(Judged);
        writer.Write(Score);
        writer.Write((byte)Count);
        foreach (var reason in Reasons)
        {
            writer.Write((short)reason.Signal);
            writer.Write(reason.Share);
            writer.Write(reason.Observed);
            writer.Write(reason.Expected);
        }
    }

    public void Restore(BinaryReader reader)
    {
        Judged = reader.ReadBoolean();
        Score = reader.ReadSingle();
        Count = reader.ReadByte();
        if (Count > MaxReasons) throw new InvalidDataException($"The window's snapshot names {Count} signals behind a score; there are at most {MaxReasons}.");
        for (var i = 0; i < Count; i++) _reasons[i] = new(reader.ReadInt16(), reader.ReadSingle(), reader.ReadSingle(), reader.ReadSingle());
    }

    /// <summary>One signal's part in a score.</summary>
    /// <param name="Signal">Its place in the window.</param>
    /// <param name="Share">Its part of the score.</param>
    /// <param name="Observed">Mean over the step.</param>
    /// <param name="Expected">What the model expected.</param>
    public readonly record struct Reason(int Signal, float Share, float Observed, float Expected);
}
