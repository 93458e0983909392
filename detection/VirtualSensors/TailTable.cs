namespace Kappa.Iot.Detection;

/// <summary>How rare a statistic's size is among normal vehicles: quantiles as far as the data goes, beyond them an exponential tail.</summary>
/// <param name="Sizes">Rising sizes.</param>
/// <param name="Rarities">Minus the decimal logarithm of the share of normal steps above each size.</param>
/// <param name="Slope">Rarity gained per unit of size beyond the last.</param>
public sealed record TailTable(float[] Sizes, float[] Rarities, float Slope)
{
    /// <summary>No size is called rarer than one in 10^this.</summary>
    public const float MaxRarity = 30;

    // A quantile is used where at least this many normal steps are beyond it.
    private const int MinBeyond = 30;
    private static readonly double[] Levels = [0.5, 0.1, 0.03, 0.01, 0.003, 0.001, 0.0003, 0.0001];

    /// <summary>Measures normal data.</summary>
    /// <param name="sizes">Absolute values of the statistic; sorted by the call.</param>
    /// <returns>Null where there is too little data.</returns>
    public static TailTable? Measure(List<float> sizes)
    {
        sizes.Sort();
        List<float> knots = [], rarities = [];
        foreach (var level in Levels)
        {
            if (sizes.Count * level < MinBeyond) break;
            var size = sizes[(int)(sizes.Count * (1 - level))];
            if (size <= 0 || (knots.Count > 0 && size <= knots[^1])) continue;
            knots.Add(size);
            rarities.Add((float)-Math.Log10(level));
        }
        if (knots.Count == 0) return null;

        var last = knots[^1];
        var beyond = sizes.Where(size => size > last).ToList();
        var meanExcess = beyond.Count == 0 ? last : Math.Max(beyond.Average(size => (double)size) - last, last * 0.01);
        return new TailTable([.. knots], [.. rarities], (float)(1 / (Math.Log(10) * meanExcess)));
    }

    /// <summary>Rarity of a size: 2 means that one normal step in a hundred is as far off.</summary>
    public float Rarity(float size)
    {
        var last = Sizes.Length - 1;
        if (size >= Sizes[last]) return Math.Min(MaxRarity, Rarities[last] + (size - Sizes[last]) * Slope);
        if (size <= Sizes[0]) return Rarities[0] * size / Sizes[0];
        var at = 1;
        while (size > Sizes[at]) at++;
        var part = (size - Sizes[at - 1]) / (Sizes[at] - Sizes[at - 1]);
        return Rarities[at - 1] + part * (Rarities[at] - Rarities[at - 1]);
    }
}
