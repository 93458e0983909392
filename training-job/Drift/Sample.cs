using Kappa.Iot.Contracts;

namespace Kappa.Iot.TrainingJob.Drift;

/// <summary>Values of one signal, or scores.</summary>
/// <param name="Signal">Id in the catalogue.</param>
/// <param name="Values">Ascending.</param>
/// <param name="Missing">Batches that have none.</param>
internal sealed record Sample(uint Signal, float[] Values, long Missing)
{
    /// <summary>Share of the batches that have no value.</summary>
    public double MissingShare => Values.Length + Missing == 0 ? 0 : Missing / (double)(Values.Length + Missing);

    /// <summary>NaN where there are no values.</summary>
    public double Median => Values.Length == 0 ? double.NaN : Values[Values.Length / 2];

    public static Sample Of(uint signal, IEnumerable<float> values, long missing)
    {
        var sorted = values.ToArray();
        Array.Sort(sorted);
        return new Sample(signal, sorted, missing);
    }

    /// <summary>A sample as it was kept; its values stand for more than they are.</summary>
    public static Sample Of(Distribution kept) =>
        new(kept.Signal, [.. kept.Quantiles], kept.Count == 0 ? (long)kept.Missing : (long)Math.Round(kept.Missing * (double)kept.Quantiles.Count / kept.Count));
}
