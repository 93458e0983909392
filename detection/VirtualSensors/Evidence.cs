namespace Kappa.Iot.Detection;

/// <summary>Makes one rarity of the signals' rarities, by the root of the sum of their fourth powers (the rarest rules, company counts), and a score of it.</summary>
internal static class Evidence
{
    /// <summary>Keeps the signals with the most evidence and fuses them.</summary>
    /// <param name="rarities">One a signal; NaN where it cannot be judged.</param>
    /// <param name="top">Places of the signals that count, most evidence first.</param>
    /// <param name="count">How many of them.</param>
    /// <returns>The fused rarity; NaN where no signal could be judged.</returns>
    public static float Fuse(ReadOnlySpan<float> rarities, Span<int> top, out int count)
    {
        count = 0;
        for (var s = 0; s < rarities.Length; s++)
        {
            if (float.IsNaN(rarities[s])) continue;
            var at = count < top.Length ? count++ : top.Length;
            if (at == top.Length && rarities[s] <= rarities[top[at - 1]]) continue;
            if (at == top.Length) at--;
            for (; at > 0 && rarities[top[at - 1]] < rarities[s]; at--) top[at] = top[at - 1];
            top[at] = s;
        }
        if (count == 0) return float.NaN;

        var sum = 0.0;
        for (var i = 0; i < count; i++) sum += Weight(rarities[top[i]]);
        return (float)Math.Sqrt(Math.Sqrt(sum));
    }

    /// <summary>What a signal adds to the fused rarity, before its root.</summary>
    public static double Weight(float rarity)
    {
        var square = (double)rarity * rarity;
        return square * square;
    }

    /// <summary>The score of a fused rarity: 0 at nothing, 0.5 at the threshold, towards 1 beyond.</summary>
    public static float Score(float fused, float threshold) => (float)(1 - Math.Pow(2, -fused / (double)threshold));
}
