namespace Kappa.Iot.Detection;

/// <summary>
/// Says how much a vehicle's residuals look like something disturbed: one classifier of all signals together, one shared by the signals
/// that says which of them. Immutable.
/// </summary>
/// <param name="global">Classifiers of all signals; their mean counts.</param>
/// <param name="heads">Classifiers of a single signal; their mean counts.</param>
/// <param name="usual">By signal, then statistic, what is usual.</param>
/// <param name="normal">Per signal, its evidence at most of nearly all normal steps.</param>
/// <param name="rest">When nothing stirs, so that the signals are not asked one by one, and what counts instead.</param>
internal sealed class Fusion(CompiledTrees[] global, CompiledTrees[] heads, Usual[] usual, float[] normal, Rest rest)
{
    /// <summary>Logits for each e-fold by which a residual exceeds all that normal driving has shown.</summary>
    private const float ExcessWeight = 3;

    private readonly bool _headsTakeMany = heads.All(one => one.TakesMany);

    public int Signals => normal.Length;

    /// <summary>Whether the classifier of all signals takes several vehicles at once.</summary>
    public bool TakesMany { get; } = global.All(one => one.TakesMany);

    /// <summary>The evidence, in logits: the more, the odder. No bounds.</summary>
    /// <remarks>
    /// Most of the time nothing stirs: then the signals are not asked one by one, which would cost more than all the rest of the classifiers.
    /// It is part of what the evidence means, so that it is the same live and replayed.
    /// </remarks>
    /// <param name="features">See <see cref="FusionFeatures"/>.</param>
    /// <param name="suspicion">Room for each signal's own evidence, above what is normal for it; at rest, the size of its residual.</param>
    public float Evaluate(ReadOnlySpan<float> features, Span<float> suspicion) => Evaluate(Global(features), features, suspicion);

    /// <summary>The same, where the evidence of the classifier of all signals is known.</summary>
    public float Evaluate(float all, ReadOnlySpan<float> features, Span<float> suspicion)
    {
        if (!Exceeds(features, suspicion) && all < rest.Below)
        {
            FusionFeatures.ReadMinutes(features, suspicion);
            return all + rest.Evidence;
        }
        Heads(features, suspicion);
        return Combine(all, suspicion, normal);
    }

    /// <summary>Each signal's own evidence: what its classifier says, and how far its residuals are beyond all that normal driving has shown.</summary>
    public void Suspect(ReadOnlySpan<float> features, Span<float> into)
    {
        Exceeds(features, into);
        Heads(features, into);
    }

    /// <summary>The evidence of the classifier of all signals.</summary>
    public float Global(ReadOnlySpan<float> features) => Mean(global, features);

    /// <summary>The same for several vehicles at once. Only where <see cref="TakesMany"/>.</summary>
    /// <param name="features">A row a vehicle.</param>
    /// <param name="into">Room for <see cref="SideBySide.Rows"/> values.</param>
    public void Global(SideBySide features, Span<float> into) => Mean(global, features, into);

    /// <summary>Adds what the classifier says of each signal.</summary>
    public void Heads(ReadOnlySpan<float> features, Span<float> into)
    {
        Span<float> own = stackalloc float[FusionFeatures.HeadWidth(Signals)];
        if (_headsTakeMany)
        {
            Span<float> values = stackalloc float[SideBySide.Rows];
            var rows = new SideBySide(stackalloc float[SideBySide.Room(own.Length)], own.Length);
            for (var first = 0; first < into.Length; first += SideBySide.Rows)
            {
                var some = into.Slice(first, Math.Min(SideBySide.Rows, into.Length - first));
                for (var s = 0; s < some.Length; s++)
                {
                    FusionFeatures.ReadHead(features, Signals, first + s, own);
                    rows.Set(s, own);
                }
                Mean(heads, rows, values);
                for (var s = 0; s < some.Length; s++) some[s] += values[s];
            }
            return;
        }
        for (var s = 0; s < into.Length; s++)
        {
            FusionFeatures.ReadHead(features, Signals, s, own);
            into[s] += Mean(heads, own);
        }
    }

    /// <summary>Adds the signals' evidence to the global one, and leaves in <paramref name="heads"/> what is above normal.</summary>
    public static float Combine(float global, Span<float> heads, ReadOnlySpan<float> normal)
    {
        var largest = float.NegativeInfinity;
        foreach (var head in heads) largest = Math.Max(largest, head);
        var sum = 0.0;
        foreach (var head in heads) sum += Math.Exp(head - largest);
        var all = largest + Math.Log(sum);

        var suspect = float.NegativeInfinity;
        for (var s = 0; s < heads.Length; s++)
        {
            heads[s] -= normal[s];
            suspect = Math.Max(suspect, heads[s]);
        }
        return (float)(global + 0.5 * all + 0.5 * suspect);
    }

    /// <summary>The score of some evidence: 0.5 at the threshold, rising with the evidence everywhere.</summary>
    public static float Score(float evidence, float threshold) => (float)(1 / (1 + Math.Exp((threshold - (double)evidence) / Softness)));

    private const double Softness = 2;

    /// <summary>Reads how far each signal is beyond all that normal driving has shown; true where any is.</summary>
    private bool Exceeds(ReadOnlySpan<float> features, Span<float> into)
    {
        var any = false;
        for (var s = 0; s < into.Length; s++)
        {
            into[s] = ExcessWeight * FusionFeatures.Excess(usual, features, s);
            any |= into[s] > 0;
        }
        return any;
    }

    private static void Mean(CompiledTrees[] trees, SideBySide rows, Span<float> into)
    {
        into.Clear();
        Span<float> values = stackalloc float[SideBySide.Rows];
        foreach (var one in trees)
        {
            one.Evaluate(rows, values);
            for (var row = 0; row < values.Length; row++) into[row] += values[row];
        }
        foreach (ref var sum in into) sum /= trees.Length;
    }

    private static float Mean(CompiledTrees[] trees, ReadOnlySpan<float> features)
    {
        var sum = 0f;
        foreach (var one in trees) sum += one.Evaluate(features);
        return sum / trees.Length;
    }
}
