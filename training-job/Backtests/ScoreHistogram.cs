namespace Kappa.Iot.TrainingJob.Backtests;

/// <summary>How far apart two models' scores are, batch by batch, in a fixed amount of memory.</summary>
internal sealed class ScoreHistogram
{
    private const int Bins = 1000;

    private readonly long[] _bins = new long[Bins + 1];
    private double _sum;

    public long Count { get; private set; }

    public double Largest { get; private set; }

    public double Mean => Count == 0 ? 0 : _sum / Count;

    public void Add(double difference)
    {
        var size = Math.Abs(difference);
        Count++;
        _sum += difference;
        Largest = Math.Max(Largest, size);
        _bins[(int)Math.Min(Bins, size * Bins)]++;
    }

    /// <summary>The size that this share of the differences does not exceed, to a thousandth.</summary>
    public double Quantile(double share)
    {
        var wanted = (long)Math.Ceiling(share * Count);
        var seen = 0L;
        for (var bin = 0; bin <= Bins; bin++)
        {
            seen += _bins[bin];
            if (seen >= wanted) return Math.Min(Largest, (bin + 1.0) / Bins);
        }
        return Largest;
    }
}
