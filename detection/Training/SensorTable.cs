namespace Kappa.Iot.Detection.Training;

/// <summary>The training data as a table: a row a step, in the vehicles' order; a column for each mean of each signal of the model.</summary>
internal sealed class SensorTable
{
    /// <summary>A signal is used where at least this share of the steps has it.</summary>
    private const double MinPresent = 0.5;

    private SensorTable(IReadOnlyList<uint> signals, int rows)
    {
        Signals = signals;
        Rows = rows;
        Features = new float[signals.Count * SensorFeatures.PerSignal][];
        for (var f = 0; f < Features.Length; f++) Features[f] = new float[rows];
        Observed = new float[signals.Count][];
        for (var s = 0; s < Observed.Length; s++) Observed[s] = new float[rows];
        Typical = new float[signals.Count];
        Gaps = new int[rows];
        Fold = new int[rows];
    }

    /// <summary>Ids, in the model's order.</summary>
    public IReadOnlyList<uint> Signals { get; }

    public int Rows { get; }

    /// <summary>By feature, then row; missing ones filled with the signal's median.</summary>
    public float[][] Features { get; }

    /// <summary>By signal, then row; NaN where the step had no sample.</summary>
    public float[][] Observed { get; }

    public float[] Typical { get; }

    /// <summary>Empty steps before a row, -1 where a window starts anew.</summary>
    public int[] Gaps { get; }

    /// <summary>The part a row belongs to.</summary>
    public int[] Fold { get; }

    public int Folds { get; private set; }

    public IReadOnlyList<LeftOutSignal> LeftOut { get; private init; } = [];

    public static SensorTable Build(TrainingSet set, int folds)
    {
        var vehicles = set.Series.Where(v => v.Steps > 0).ToList();
        var rows = vehicles.Sum(v => v.Steps);
        var (used, leftOut) = Choose(vehicles, rows);
        var table = new SensorTable([.. used.Select(s => WindowShape.AllScored.Signals[s])], rows) { LeftOut = leftOut };

        var start = 0;
        foreach (var vehicle in vehicles)
        {
            for (var s = 0; s < used.Count; s++)
            {
                Copy(vehicle.Observed[used[s]], table.Observed[s], start, vehicle.Steps);
                for (var k = 0; k < SensorFeatures.PerSignal; k++)
                    Copy(vehicle.Means[used[s] * SensorFeatures.PerSignal + k], table.Features[s * SensorFeatures.PerSignal + k], start, vehicle.Steps);
            }
            vehicle.Gaps.CopyTo(table.Gaps, start);
            table.Gaps[start] = -1;
            start += vehicle.Steps;
        }
        table.FillMissing();
        table.AssignFolds(vehicles, folds);
        return table;
    }

    /// <summary>One row's features, in the order the trees know.</summary>
    public void Row(int row, Span<float> features)
    {
        for (var f = 0; f < Features.Length; f++) features[f] = Features[f][row];
    }

    private static (List<int> Used, List<LeftOutSignal> LeftOut) Choose(List<VehicleSeries> vehicles, int rows)
    {
        List<int> used = [];
        List<LeftOutSignal> leftOut = [];
        for (var s = 0; s < WindowShape.AllScored.Signals.Count; s++)
        {
            var signal = WindowShape.AllScored.Signals[s];
            var present = 0;
            float min = float.PositiveInfinity, max = float.NegativeInfinity;
            foreach (var value in vehicles.Where(v => v.Observed[s] is not null).SelectMany(v => v.Observed[s]!))
            {
                if (float.IsNaN(value)) continue;
                present++;
                min = Math.Min(min, value);
                max = Math.Max(max, value);
            }
            if (present == 0) continue;
            if (present < rows * MinPresent) leftOut.Add(new(signal, $"missing in {1 - present / (double)rows:P0} of the steps"));
            else if (min == max) leftOut.Add(new(signal, $"constant at {min}"));
            else used.Add(s);
        }
        return (used, leftOut);
    }

    private static void Copy(List<float>? from, float[] to, int start, int steps)
    {
        if (from is null) Array.Fill(to, float.NaN, start, steps);
        else from.CopyTo(to, start);
    }

    private void FillMissing()
    {
        for (var s = 0; s < Signals.Count; s++)
        {
            var known = Observed[s].Where(value => !float.IsNaN(value)).ToArray();
            Array.Sort(known);
            Typical[s] = known[known.Length / 2];
            for (var k = 0; k < SensorFeatures.PerSignal; k++)
            {
                var column = Features[s * SensorFeatures.PerSignal + k];
                for (var row = 0; row < column.Length; row++)
                {
                    if (float.IsNaN(column[row])) column[row] = Typical[s];
                }
            }
        }
    }

    /// <summary>Whole vehicles to a part, the parts equally many; a single vehicle is cut into spans of time.</summary>
    private void AssignFolds(List<VehicleSeries> vehicles, int folds)
    {
        if (vehicles.Count == 1)
        {
            Folds = 2;
            for (var row = 0; row < Rows; row++) Fold[row] = row * 2 / Rows;
            return;
        }
        Folds = Math.Min(folds, vehicles.Count);
        var turn = vehicles.OrderBy(v => v.Hash).Select((v, i) => (v, i)).ToDictionary(t => t.v, t => t.i % Folds);
        var start = 0;
        foreach (var vehicle in vehicles)
        {
            Array.Fill(Fold, turn[vehicle], start, vehicle.Steps);
            start += vehicle.Steps;
        }
    }
}
