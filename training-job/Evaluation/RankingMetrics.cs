namespace Kappa.Iot.TrainingJob.Evaluation;

/// <summary>How well scores separate odd samples from normal ones, whatever the threshold. Sorted once, measured for any weights of the trips.</summary>
internal sealed class RankingMetrics
{
    // Highest score first; samples of one trip with the same score and kind are one entry.
    private readonly List<(float Score, int Trip, bool Odd, long Count)> _entries;

    /// <param name="samples">Scores, the trip each is of, and whether the sample is odd.</param>
    public RankingMetrics(IEnumerable<(float Score, int Trip, bool Odd)> samples) => _entries =
    [
        .. samples.GroupBy(sample => sample).Select(group => (group.Key.Score, group.Key.Trip, group.Key.Odd, group.LongCount()))
            .OrderByDescending(entry => entry.Score).ThenBy(entry => entry.Trip),
    ];

    /// <summary>Area under the receiver operating characteristic, and average precision; samples of equal score count together.</summary>
    /// <param name="samples">Scores, and whether the sample is odd.</param>
    /// <returns>NaN where all samples are of one kind.</returns>
    public static (double Auc, double AveragePrecision) Measure(IEnumerable<(float Score, bool Odd)> samples) =>
        new RankingMetrics(samples.Select(sample => (sample.Score, 0, sample.Odd))).Measure(_ => 1);

    /// <summary>What every threshold would do, highest first; thinned out to steps of half a percent.</summary>
    public IReadOnlyList<CurvePoint> Curve()
    {
        double odd = _entries.Where(entry => entry.Odd).Sum(entry => entry.Count), normal = _entries.Where(entry => !entry.Odd).Sum(entry => entry.Count);
        var points = new List<CurvePoint>();
        if (odd == 0 || normal == 0) return points;
        double oddSoFar = 0, normalSoFar = 0;
        for (var i = 0; i < _entries.Count;)
        {
            var score = _entries[i].Score;
            for (; i < _entries.Count && _entries[i].Score == score; i++)
            {
                if (_entries[i].Odd) oddSoFar += _entries[i].Count;
                else normalSoFar += _entries[i].Count;
            }
            var point = new CurvePoint(score, oddSoFar / odd, oddSoFar / (oddSoFar + normalSoFar), normalSoFar / normal);
            var far = points.Count == 0 || point.Recall - points[^1].Recall >= Thinning || point.FalsePositives - points[^1].FalsePositives >= Thinning;
            if (far || i == _entries.Count) points.Add(point);
        }
        return points;
    }

    private const double Thinning = 0.005;

    /// <summary>The same, each trip counted as often as it weighs.</summary>
    public (double Auc, double AveragePrecision) Measure(Func<int, int> weight)
    {
        long odd = 0, normal = 0;
        foreach (var entry in _entries)
        {
            if (entry.Odd) odd += entry.Count * weight(entry.Trip);
            else normal += entry.Count * weight(entry.Trip);
        }
        if (odd == 0 || normal == 0) return (double.NaN, double.NaN);

        double area = 0, precision = 0;
        long oddSoFar = 0, allSoFar = 0;
        for (var i = 0; i < _entries.Count;)
        {
            long oddHere = 0, allHere = 0;
            var score = _entries[i].Score;
            for (; i < _entries.Count && _entries[i].Score == score; i++)
            {
                var count = _entries[i].Count * weight(_entries[i].Trip);
                allHere += count;
                if (_entries[i].Odd) oddHere += count;
            }
            area += (allHere - oddHere) * (oddSoFar + oddHere / 2.0);
            oddSoFar += oddHere;
            allSoFar += allHere;
            if (oddHere > 0) precision += oddHere * (oddSoFar / (double)allSoFar);
        }
        return (area / ((double)odd * normal), precision / odd);
    }
}
