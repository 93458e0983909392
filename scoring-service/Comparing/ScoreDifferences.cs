namespace Kappa.Iot.ScoringService;

/// <summary>How the scores of the same batches differ.</summary>
internal sealed class ScoreDifferences
{
    /// <summary>Upper bounds of the histogram's classes; the last is open.</summary>
    public static readonly IReadOnlyList<double> Bounds = [0, 1e-6, 1e-4, 1e-3, 0.01, 0.05, 0.1, 0.2, 0.5];

    private double _sum;

    /// <summary>Batches scored on both sides.</summary>
    public long Both { get; private set; }

    /// <summary>Of these, scores whose records are the same to the last bit.</summary>
    public long Identical { get; private set; }

    /// <summary>Of these, scores that are another number.</summary>
    public long Different { get; private set; }

    public long OnlyFirst { get; set; }

    public long OnlySecond { get; set; }

    public double Max { get; private set; }

    /// <summary>Where the largest difference is, in words.</summary>
    public string MaxAt { get; private set; } = "";

    /// <summary>Mean difference without regard to sign, over all batches scored on both sides.</summary>
    public double Mean => Both == 0 ? 0 : _sum / Both;

    /// <summary>How many differences are at most the bound of their class and above the one before.</summary>
    public long[] Histogram { get; } = new long[Bounds.Count + 1];

    public void Add(float first, float second, bool identical, Func<string> where)
    {
        Both++;
        if (identical) Identical++;
        var difference = Math.Abs((double)first - second);
        if (first != second) Different++;
        _sum += difference;
        var at = 0;
        while (at < Bounds.Count && difference > Bounds[at]) at++;
        Histogram[at]++;
        if (difference <= Max) return;
        Max = difference;
        MaxAt = where();
    }
}
