namespace Kappa.Iot.TrainingJob.Drift;

/// <summary>How far apart two samples are.</summary>
internal static class DriftMeasures
{
    private const int Bins = 10;

    // An empty bin counts as half a value, so that the index stays finite.
    private const double Least = 0.5;

    /// <summary>
    /// Population stability index: the sum of (q - p) ln(q / p) over the bins that the training's deciles make, and one for missing values.
    /// 0 where nothing changed; 0.1 is usually called a slight shift, 0.25 a large one.
    /// </summary>
    public static double PopulationStability(Sample training, Sample now)
    {
        var edges = new List<float>();
        for (var decile = 1; decile < Bins && training.Values.Length > 0; decile++)
        {
            var edge = training.Values[decile * training.Values.Length / Bins];
            if (edges.Count == 0 || edge > edges[^1]) edges.Add(edge);
            else if (edge == edges[^1]) edges.Add(MathF.BitIncrement(edge)); // a value that many have gets a bin of its own
        }
        double[] before = Counts(training, edges), after = Counts(now, edges);
        double beforeAll = before.Sum(), afterAll = after.Sum();
        if (beforeAll == 0 || afterAll == 0) return 0;
        var index = 0.0;
        for (var bin = 0; bin < before.Length; bin++)
        {
            if (before[bin] == 0 && after[bin] == 0) continue;
            double p = Math.Max(before[bin], Least) / beforeAll, q = Math.Max(after[bin], Least) / afterAll;
            index += (q - p) * Math.Log(q / p);
        }
        return index;
    }

    /// <summary>Kolmogorov and Smirnov's statistic: the largest distance between the two distribution functions, 0 to 1; 1 where one sample is empty.</summary>
    public static double KolmogorovSmirnov(Sample training, Sample now)
    {
        float[] a = training.Values, b = now.Values;
        if (a.Length == 0 || b.Length == 0) return a.Length == b.Length ? 0 : 1;
        int i = 0, j = 0;
        var largest = 0.0;
        while (i < a.Length && j < b.Length)
        {
            var at = Math.Min(a[i], b[j]);
            while (i < a.Length && a[i] <= at) i++;
            while (j < b.Length && b[j] <= at) j++;
            largest = Math.Max(largest, Math.Abs(i / (double)a.Length - j / (double)b.Length));
        }
        return largest;
    }

    /// <summary>Values between the edges (an edge belongs to the bin above it); the last count is of the missing ones.</summary>
    private static double[] Counts(Sample sample, List<float> edges)
    {
        var counts = new double[edges.Count + 2];
        foreach (var value in sample.Values)
        {
            var found = edges.BinarySearch(value);
            counts[found >= 0 ? found + 1 : ~found]++;
        }
        counts[^1] = sample.Missing;
        return counts;
    }
}
