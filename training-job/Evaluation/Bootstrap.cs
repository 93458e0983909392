namespace Kappa.Iot.TrainingJob.Evaluation;

/// <summary>How far figures would spread if other trips of the same kind had been driven: trips are drawn with replacement, again and again.</summary>
internal static class Bootstrap
{
    private const int Resamples = 500;
    private const double Tail = 0.025;

    /// <summary>The range of each figure that 95 % of the resamples fall into.</summary>
    /// <param name="trips">How many trips there are.</param>
    /// <param name="measure">Figures where each trip counts as often as it weighs; NaN where a resample does not have the figure.</param>
    public static Dictionary<string, double[]> Intervals(int trips, Func<Func<int, int>, IEnumerable<(string Name, double Value)>> measure)
    {
        var random = new Random(1);
        var values = new Dictionary<string, List<double>>();
        for (var resample = 0; resample < Resamples; resample++)
        {
            var weights = new int[trips];
            for (var i = 0; i < trips; i++) weights[random.Next(trips)]++;
            foreach (var (name, value) in measure(trip => weights[trip]))
            {
                if (!values.TryGetValue(name, out var list)) values.Add(name, list = []);
                if (!double.IsNaN(value)) list.Add(value);
            }
        }
        return values.Where(figure => figure.Value.Count > 0).ToDictionary(figure => figure.Key, figure =>
        {
            figure.Value.Sort();
            return new[] { figure.Value[(int)(figure.Value.Count * Tail)], figure.Value[(int)((figure.Value.Count - 1) * (1 - Tail))] };
        });
    }
}
