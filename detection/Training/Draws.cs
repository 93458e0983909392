namespace Kappa.Iot.Detection.Training;

/// <summary>Random numbers that are the same everywhere for the same seed (SplitMix64).</summary>
internal sealed class Draws(ulong seed)
{
    private ulong _state = StableHash.Mix(seed);

    /// <summary>At least 0, less than 1.</summary>
    public double Next()
    {
        _state = StableHash.Mix(_state);
        return (_state >> 11) * (1.0 / (1UL << 53));
    }

    /// <summary>At least <paramref name="from"/>, less than <paramref name="to"/>.</summary>
    public double Between(double from, double to) => from + (to - from) * Next();

    /// <summary>Like <see cref="Between"/>, but as likely between 1 and 2 as between 10 and 20.</summary>
    public double LogBetween(double from, double to) => from * Math.Pow(to / from, Next());

    /// <summary>0 to <paramref name="count"/> - 1.</summary>
    public int Below(int count) => (int)(Next() * count);

    public double Sign() => Next() < 0.5 ? -1 : 1;

    /// <summary>Normally distributed, mean 0, deviation 1.</summary>
    public double Gaussian() => Math.Sqrt(-2 * Math.Log(1 - Next())) * Math.Cos(2 * Math.PI * Next());

    /// <summary>An index, each as likely as its weight.</summary>
    public int Pick(ReadOnlySpan<double> weights)
    {
        var sum = 0.0;
        foreach (var weight in weights) sum += weight;
        var at = Next() * sum;
        for (var i = 0; i < weights.Length; i++)
        {
            at -= weights[i];
            if (at < 0) return i;
        }
        return weights.Length - 1;
    }
}
