using Kappa.Iot.Contracts;

namespace Kappa.Iot.Detection.Training;

/// <summary>Trains the virtual sensors: for each part of the data those that never saw it, and those that are deployed.</summary>
internal static class SensorTrainer
{
    public static TrainedSensors Train(StepTable table, TrainingOptions options, IProgress<TrainingProgress>? progress, CancellationToken cancel)
    {
        var drawn = Draw(table, options);
        var variants = table.Folds + 1;
        var trained = new BoostedTrees.Trained[table.Signals * variants];
        var compiled = new CompiledTrees[trained.Length];
        InParallel.For(trained.Length, options, "train sensors", progress, job =>
        {
            int signal = job / variants, fold = job % variants;
            var rows = Array.FindAll(drawn, row => table.Fold[row] != fold && !float.IsNaN(table.Observed(signal, row)));
            if (rows.Length == 0) throw new TrainingException($"Signal {Describe(table, signal)} is there in one part of the vehicles only. Give more vehicles or a longer time range.");
            trained[job] = BoostedTrees.Regress(rows.Length, table.Width, (row, inputs) =>
            {
                Inputs(table, signal, rows[row], inputs);
                return table.Observed(signal, rows[row]);
            }, options.Sensors, options.Seed);
            compiled[job] = trained[job].Compile();
        }, cancel);

        var scales = new float[table.Signals];
        var explained = new double[table.Signals];
        var wrong = new BoostedTrees.Trained[trained.Length];
        var compiledWrong = new CompiledTrees[trained.Length];
        InParallel.For(table.Signals, options, "measure sensors", progress, signal =>
        {
            // Errors of sensors that did not see the vehicle: how large they are usually, and where they are larger or smaller.
            var errors = new float[table.Rows];
            for (var row = 0; row < table.Rows; row++) errors[row] = table.Observed(signal, row) - compiled[signal * variants + table.Fold[row]].Evaluate(table.Row(row));
            scales[signal] = Calibration.Scale(errors, table.Shape.Resolutions[signal]);
            explained[signal] = Explained(table, signal, errors);
            for (var fold = 0; fold < variants; fold++)
            {
                var rows = Array.FindAll(drawn, row => table.Fold[row] != fold && !float.IsNaN(errors[row]));
                var job = signal * variants + fold;
                wrong[job] = BoostedTrees.Regress(rows.Length, table.Width, (row, inputs) =>
                {
                    Inputs(table, signal, rows[row], inputs);
                    return MathF.Log(LeastError + Math.Abs(errors[rows[row]]) / scales[signal]) + MeanOfLogarithm;
                }, options.Errors, options.Seed);
                compiledWrong[job] = wrong[job].Compile();
            }
        }, cancel);

        var banks = Enumerable.Range(0, variants).Select(fold => new SensorBank(
            [.. Enumerable.Range(0, table.Signals).Select(s => new VirtualSensor(
                table.Shape.Signals[s], table.Typical[s], scales[s], Reliance(table, trained[s * variants + fold]), 0, []))],
            [.. Enumerable.Range(0, table.Signals).Select(s => compiled[s * variants + fold])],
            [.. Enumerable.Range(0, table.Signals).Select(s => compiledWrong[s * variants + fold])])).ToArray();
        return new TrainedSensors(
            banks[..^1], banks[^1],
            [.. trained.Concat(wrong).Where((_, job) => job % variants == table.Folds).Select(trees => trees.Save())], explained);
    }

    // In the logarithm an error of nothing counts as this part of the usual one; and what a normally distributed error's logarithm is on average.
    private const float LeastError = 0.1f, MeanOfLogarithm = 0.5f;

    /// <summary>A row's inputs; the signal's own means are hidden from the trees.</summary>
    private static void Inputs(StepTable table, int signal, int row, Span<float> into)
    {
        table.Row(row).CopyTo(into);
        into.Slice(signal * SensorBank.InputsPerSignal, SensorBank.InputsPerSignal).Clear();
    }

    /// <summary>Rows to train on: all, or as many as allowed, drawn evenly by a hash of their number.</summary>
    private static int[] Draw(StepTable table, TrainingOptions options)
    {
        var all = Enumerable.Range(0, table.Rows).ToArray();
        if (all.Length <= options.MaxRows) return all;
        var keys = Array.ConvertAll(all, row => StableHash.Mix((ulong)row ^ ((ulong)(uint)options.Seed << 32)));
        Array.Sort(keys, all);
        Array.Resize(ref all, options.MaxRows);
        Array.Sort(all);
        return all;
    }

    /// <summary>How much the splits on each signal gained; adds up to 1, or all 0 where there is no split.</summary>
    private static float[] Reliance(StepTable table, BoostedTrees.Trained trees)
    {
        var reliance = new double[table.Signals];
        var gains = trees.Gains(table.Width);
        for (var f = 0; f < table.Signals * SensorBank.InputsPerSignal; f++) reliance[f / SensorBank.InputsPerSignal] += gains[f];
        var sum = reliance.Sum();
        return Array.ConvertAll(reliance, gain => sum > 0 ? (float)(gain / sum) : 0);
    }

    /// <summary>Share of the variance that is predicted (R²).</summary>
    private static double Explained(StepTable table, int signal, float[] errors)
    {
        double sum = 0, squares = 0, wrong = 0;
        var n = 0;
        for (var row = 0; row < errors.Length; row++)
        {
            if (float.IsNaN(errors[row])) continue;
            var observed = (double)table.Observed(signal, row);
            sum += observed;
            squares += observed * observed;
            wrong += (double)errors[row] * errors[row];
            n++;
        }
        var variance = n == 0 ? 0 : squares - sum * sum / n;
        return variance <= 0 ? 0 : 1 - wrong / variance;
    }

    private static string Describe(StepTable table, int signal) => SignalCatalogue.Find(table.Shape.Signals[signal])?.Path ?? $"{table.Shape.Signals[signal]}";
}

/// <summary>Virtual sensors as they were trained.</summary>
/// <param name="ByFold">For each part of the data, sensors that never saw it.</param>
/// <param name="Deployed">Sensors that saw everything.</param>
/// <param name="MlModels">The deployed ones in ML.NET's format: first those that predict signals, then those that predict errors.</param>
/// <param name="Explained">By signal, the share of its variance that sensors predict which never saw it.</param>
internal sealed record TrainedSensors(SensorBank[] ByFold, SensorBank Deployed, byte[][] MlModels, double[] Explained);
