using System.Globalization;
using Kappa.Iot.Contracts;

namespace Kappa.Iot.Detection.Training;

/// <summary>The training data as a table for the sensors: a row a step, in the vehicles' order, made by the very window that scores.</summary>
internal sealed class StepTable
{
    /// <summary>A signal is used where at least this share of the samples has it.</summary>
    private const double MinPresent = 0.5;

    /// <summary>Signals a model needs: with fewer there are no relations to learn.</summary>
    private const int MinSignals = 2;

    /// <summary>Steps a model needs.</summary>
    private const int MinSteps = 100;

    // Row by row, so that evaluating a row touches one place of memory.
    private readonly List<float> _inputs = [];
    private readonly List<float>[] _observed;

    private StepTable(WindowShape shape, IReadOnlyList<VehicleSeries> vehicles, IReadOnlyList<LeftOutSignal> leftOut)
    {
        Shape = shape;
        Vehicles = vehicles;
        LeftOut = leftOut;
        Width = SensorBank.Width(shape.Signals.Count);
        _observed = new List<float>[shape.Signals.Count];
        for (var s = 0; s < _observed.Length; s++) _observed[s] = [];
        Typical = new float[_observed.Length];
    }

    /// <summary>Signals of the model.</summary>
    public WindowShape Shape { get; }

    public int Signals => _observed.Length;

    public IReadOnlyList<VehicleSeries> Vehicles { get; }

    public int Rows => _observed[0].Count;

    /// <summary>Inputs of a row.</summary>
    public int Width { get; }

    /// <summary>Each signal's median.</summary>
    public float[] Typical { get; }

    /// <summary>The part a row belongs to; parts are whole vehicles, or spans of time of a single one.</summary>
    public int[] Fold { get; private set; } = [];

    public int Folds { get; private set; }

    /// <summary>First row of each vehicle, and after them the count of rows.</summary>
    public int[] FirstRow { get; private set; } = [];

    public IReadOnlyList<LeftOutSignal> LeftOut { get; }

    /// <summary>Makes a table of everything in the set, after which nothing may be added to it.</summary>
    /// <exception cref="TrainingException">The data cannot give a model.</exception>
    public static StepTable Read(TrainingSet set, TrainingOptions options)
    {
        set.Complete();
        if (set.Vehicles == 0) throw new TrainingException($"There is no telemetry of profile '{set.Profile}' in what was read. Check the profile and the time range.");
        if (set.Steps < MinSteps)
            throw new TrainingException($"There are only {set.Steps} steps of ten seconds, of {set.Vehicles} vehicles; a model needs {MinSteps}. Give a longer time range.");
        var table = Build(set, options);
        if (table.Signals is >= MinSignals and <= FusionData.MaxSignals) return table;
        var leftOut = table.LeftOut.Select(s => $"{SignalCatalogue.Find(s.Signal)?.Path ?? s.Signal.ToString(CultureInfo.InvariantCulture)} ({s.Reason})");
        throw new TrainingException(
            $"{table.Signals} signals of profile '{set.Profile}' can be used; a model needs {MinSignals} to {FusionData.MaxSignals}. Left out: {string.Join(", ", leftOut.DefaultIfEmpty("none"))}.");
    }

    private static StepTable Build(TrainingSet set, TrainingOptions options)
    {
        var vehicles = set.Series.Where(v => v.Batches.Count > 0).ToList();
        var (used, leftOut) = Choose(vehicles);
        var table = new StepTable(new WindowShape(used), vehicles, leftOut);
        if (used.Count == 0) return table;
        var first = new List<int>();
        var inputs = new float[table.Width];
        foreach (var vehicle in vehicles)
        {
            first.Add(table.Rows);
            SeriesPlayer.Play(vehicle, new VehicleWindow(table.Shape), (window, _) =>
            {
                SensorBank.ReadInputs(window, inputs);
                table._inputs.AddRange(inputs);
                for (var s = 0; s < table.Signals; s++) table._observed[s].Add(window.Mean(s));
                for (var s = 0; s < table.Signals; s++) window.PushResidual(s, float.NaN);
            });
        }
        table.FirstRow = [.. first, table.Rows];
        table.FillMissing();
        table.AssignFolds(options.Folds);
        return table;
    }

    /// <summary>One row's inputs, in the order the trees know; missing ones filled with the signal's median.</summary>
    public ReadOnlySpan<float> Row(int row) => System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_inputs).Slice(row * Width, Width);

    /// <summary>A signal's mean over the step, NaN where it had no sample.</summary>
    public float Observed(int signal, int row) => _observed[signal][row];

    /// <summary>The part that a vehicle's step belongs to.</summary>
    public int FoldOf(int vehicle, int step) => Fold[Math.Min(FirstRow[vehicle] + step, FirstRow[vehicle + 1] - 1)];

    private static (List<uint> Used, List<LeftOutSignal> LeftOut) Choose(List<VehicleSeries> vehicles)
    {
        var samples = 0L;
        var found = new SortedDictionary<int, (long Present, float Min, float Max)>();
        foreach (var batch in vehicles.SelectMany(vehicle => vehicle.Batches))
        {
            samples += batch.SampleCount();
            foreach (var column in batch.Columns)
            {
                var place = WindowShape.AllScored.IndexOf(column.Signal);
                if (place < 0) continue;
                var (present, min, max) = found.GetValueOrDefault(place, (0, float.PositiveInfinity, float.NegativeInfinity));
                foreach (var value in column.Values)
                {
                    if (!float.IsFinite(value)) continue;
                    present++;
                    min = Math.Min(min, value);
                    max = Math.Max(max, value);
                }
                found[place] = (present, min, max);
            }
        }

        List<uint> used = [];
        List<LeftOutSignal> leftOut = [];
        foreach (var (place, (present, min, max)) in found)
        {
            var signal = WindowShape.AllScored.Signals[place];
            if (present == 0) continue;
            if (present < samples * MinPresent) leftOut.Add(new(signal, $"missing in {1 - present / (double)samples:P0} of the samples"));
            else if (min == max) leftOut.Add(new(signal, $"constant at {min}"));
            else used.Add(signal);
        }
        return (used, leftOut);
    }

    private void FillMissing()
    {
        for (var s = 0; s < Signals; s++)
        {
            var known = _observed[s].Where(value => !float.IsNaN(value)).ToArray();
            Array.Sort(known);
            Typical[s] = known.Length == 0 ? 0 : known[known.Length / 2];
        }
        for (var i = 0; i < _inputs.Count; i++)
        {
            if (float.IsNaN(_inputs[i])) _inputs[i] = Typical[i % Width / SensorBank.InputsPerSignal];
        }
    }

    /// <summary>Whole vehicles to a part, the parts equally many; a single vehicle is cut into spans of time.</summary>
    private void AssignFolds(int folds)
    {
        Fold = new int[Rows];
        if (Vehicles.Count == 1)
        {
            Folds = 2;
            for (var row = 0; row < Rows; row++) Fold[row] = (int)(row * 2L / Rows);
            return;
        }
        Folds = Math.Min(folds, Vehicles.Count);
        // By turns in the order of their hash, so that neighbours by name come to different parts.
        var turn = 0;
        foreach (var v in Enumerable.Range(0, Vehicles.Count).OrderBy(v => Vehicles[v].Hash))
            Array.Fill(Fold, turn++ % Folds, FirstRow[v], FirstRow[v + 1] - FirstRow[v]);
    }
}
