namespace Kappa.Iot.TrainingJob.Evaluation;

/// <summary>How well scores separate odd samples from normal ones, whatever the threshold.</summary>
internal static class RankingMetrics
{
    /// <summary>Area under the receiver operating characteristic, and average precision; samples of equal score count together.</summary>
    /// <param name="samples">Scores, and whether the sample is odd.</param>
    /// <returns>NaN where all samples are of one kind.</returns>
    public static (double Auc, double AveragePrecision) Measure(IEnumerable<(float Score, bool Odd)> samples)
    {
        var groups = samples.GroupBy(s => s.Score).OrderByDescending(g => g.Key)
            .Select(g => (Odd: g.LongCount(s => s.Odd), All: g.LongCount())).ToList();
        var odd = groups.Sum(g => g.Odd);
        var normal = groups.Sum(g => g.All) - odd;
        if (odd == 0 || normal == 0) return (double.NaN, double.NaN);

        double area = 0, precision = 0;
        long oddSoFar = 0, allSoFar = 0;
        foreach (var (oddHere, allHere) in groups)
        {
            area += (allHere - oddHere) * (oddSoFar + oddHere / 2.0);
            oddSoFar += oddHere;
            allSoFar += allHere;
            precision += oddHere * (oddSoFar / (double)allSoFar);
        }
        return (area / ((double)odd * normal), precision / odd);
    }
}
