using System.Globalization;
using Kappa.Iot.Contracts;

namespace Kappa.Iot.Detection.Training;

/// <summary>Trains virtual sensors and calibrates them on vehicles that they have not seen.</summary>
public static class VirtualSensorTrainer
{
    /// <summary>Signals a model needs: with fewer there are no relations to learn.</summary>
    public const int MinSignals = 2;

    /// <summary>Steps a model needs.</summary>
    public const int MinSteps = 100;

    /// <summary>Trains a model on everything in the set.</summary>
    /// <exception cref="TrainingException">The data cannot give a model.</exception>
    public static TrainingResult Train(
        TrainingSet set, TrainingOptions options, IProgress<TrainingProgress>? progress = null, CancellationToken cancel = default)
    {
        set.Complete();
        if (set.Vehicles == 0) throw new TrainingException($"There is no telemetry of profile '{set.Profile}' in what was read. Check the profile and the time range.");
        if (set.Steps < MinSteps)
            throw new TrainingException($"There are only {set.Steps} steps of ten seconds, of {set.Vehicles} vehicles; a model needs {MinSteps}. Give a longer time range.");
        var table = SensorTable.Build(set, options.Folds);
        if (table.Signals.Count < MinSignals)
            throw new TrainingException($"Only {table.Signals.Count} signals of profile '{set.Profile}' can be used; a model needs {MinSignals}. Left out: {Describe(table.LeftOut)}.");

        var sensors = TrainSensors(table, options, progress, cancel);
        progress?.Report(new("calibrate", 0, 1));
        var signals = table.Signals.Count;
        var residuals = sensors.Select(sensor => sensor.Residuals).ToArray();
        var tails = new TailTable?[signals][];
        InParallel(signals, options, s => tails[s] = Calibration.Tails(table, residuals, s), cancel);
        var fused = Calibration.Fuse(table, residuals, tails);
        var hours = table.Rows * (double)VehicleWindow.StepMs / 3_600_000;
        var (threshold, alerts) = Calibration.Threshold(fused, table.Gaps, options.FalseAlertsPerHour * hours);
        progress?.Report(new("calibrate", 1, 1));

        var model = new VirtualSensorModel
        {
            Profile = set.Profile,
            Threshold = threshold,
            LeftOut = table.LeftOut,
            Sensors = [.. sensors.Select((sensor, s) => new VirtualSensor(table.Signals[s], table.Typical[s], sensor.Scale, sensor.Reliance, tails[s]))],
        };
        var artifact = ModelArtifact.Save(model, [.. sensors.Select(sensor => sensor.MlModel)]);
        return new TrainingResult(artifact, Metrics(set, table, sensors, hours, threshold, alerts), Parameters(options), table.LeftOut);
    }

    private static Sensor[] TrainSensors(SensorTable table, TrainingOptions options, IProgress<TrainingProgress>? progress, CancellationToken cancel)
    {
        var drawn = Draw(table, options);
        var sensors = new Sensor[table.Signals.Count];
        var done = 0;
        progress?.Report(new("train sensors", 0, sensors.Length));
        InParallel(sensors.Length, options, s =>
        {
            sensors[s] = TrainSensor(table, s, drawn, options, cancel);
            progress?.Report(new("train sensors", Interlocked.Increment(ref done), sensors.Length));
        }, cancel);
        return sensors;
    }

    private static Sensor TrainSensor(SensorTable table, int signal, int[] drawn, TrainingOptions options, CancellationToken cancel)
    {
        var observed = table.Observed[signal];
        var rows = Array.FindAll(drawn, row => !float.IsNaN(observed[row]));
        var errors = new float[table.Rows];
        Array.Fill(errors, float.NaN);
        var features = new float[table.Features.Length];
        for (var fold = 0; fold < table.Folds; fold++)
        {
            cancel.ThrowIfCancellationRequested();
            var others = Array.FindAll(rows, row => table.Fold[row] != fold);
            if (others.Length == 0) throw new TrainingException($"Signal {table.Signals[signal]} is there in one part of the vehicles only. Give more vehicles or a longer time range.");
            var trees = SensorTrees.Train(table, signal, others, options).Compile();
            for (var row = 0; row < table.Rows; row++)
            {
                if (table.Fold[row] != fold || float.IsNaN(observed[row])) continue;
                table.Row(row, features);
                errors[row] = observed[row] - trees.Evaluate(features);
            }
        }

        cancel.ThrowIfCancellationRequested();
        var deployed = SensorTrees.Train(table, signal, rows, options);
        var scale = Calibration.Scale(errors, SignalCatalogue.Find(table.Signals[signal])?.Resolution ?? 0);
        var explained = Explained(observed, errors);
        for (var row = 0; row < errors.Length; row++)
            errors[row] = Math.Clamp(errors[row] / scale, -VirtualSensorDetector.MaxResidual, VirtualSensorDetector.MaxResidual);
        return new Sensor(deployed.Save(), deployed.Reliance(table.Signals.Count), scale, errors, explained);
    }

    /// <summary>Rows to train on: all, or as many as allowed, drawn evenly by a hash of their number.</summary>
    private static int[] Draw(SensorTable table, TrainingOptions options)
    {
        var all = Enumerable.Range(0, table.Rows).ToArray();
        if (all.Length <= options.MaxRows) return all;
        var keys = Array.ConvertAll(all, row => StableHash.Mix((ulong)row ^ ((ulong)(uint)options.Seed << 32)));
        Array.Sort(keys, all);
        Array.Resize(ref all, options.MaxRows);
        Array.Sort(all);
        return all;
    }

    /// <summary>Share of the variance that is predicted (R²).</summary>
    private static double Explained(float[] observed, float[] errors)
    {
        double sum = 0, squares = 0, wrong = 0;
        var n = 0;
        for (var row = 0; row < observed.Length; row++)
        {
            if (float.IsNaN(errors[row])) continue;
            sum += observed[row];
            squares += (double)observed[row] * observed[row];
            wrong += (double)errors[row] * errors[row];
            n++;
        }
        var variance = n == 0 ? 0 : squares - sum * sum / n;
        return variance <= 0 ? 0 : 1 - wrong / variance;
    }

    private static void InParallel(int count, TrainingOptions options, Action<int> work, CancellationToken cancel)
    {
        try
        {
            Parallel.For(0, count, new ParallelOptions { MaxDegreeOfParallelism = options.Parallelism, CancellationToken = cancel }, work);
        }
        catch (AggregateException e) when (e.InnerExceptions.All(inner => inner is TrainingException or OperationCanceledException))
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(e.InnerExceptions[0]);
        }
    }

    private static Dictionary<string, double> Metrics(TrainingSet set, SensorTable table, Sensor[] sensors, double hours, float threshold, int alerts)
    {
        var metrics = new Dictionary<string, double>
        {
            ["vehicles"] = set.Vehicles,
            ["vehicle_hours"] = hours,
            ["steps"] = table.Rows,
            ["threshold"] = threshold,
            ["false_alerts_per_hour"] = alerts / hours,
        };
        for (var s = 0; s < sensors.Length; s++)
        {
            var name = SignalCatalogue.Find(table.Signals[s])?.Path ?? table.Signals[s].ToString(CultureInfo.InvariantCulture);
            metrics[$"r2/{name}"] = sensors[s].Explained;
        }
        return metrics;
    }

    private static Dictionary<string, string> Parameters(TrainingOptions options) => new()
    {
        ["false_alerts_per_hour"] = options.FalseAlertsPerHour.ToString("R", CultureInfo.InvariantCulture),
        ["max_rows"] = options.MaxRows.ToString(CultureInfo.InvariantCulture),
        ["max_steps"] = options.MaxSteps.ToString(CultureInfo.InvariantCulture),
        ["trees"] = options.Trees.ToString(CultureInfo.InvariantCulture),
        ["leaves"] = options.Leaves.ToString(CultureInfo.InvariantCulture),
        ["min_rows_per_leaf"] = options.MinRowsPerLeaf.ToString(CultureInfo.InvariantCulture),
        ["learning_rate"] = options.LearningRate.ToString("R", CultureInfo.InvariantCulture),
        ["feature_fraction"] = options.FeatureFraction.ToString("R", CultureInfo.InvariantCulture),
        ["folds"] = options.Folds.ToString(CultureInfo.InvariantCulture),
        ["seed"] = options.Seed.ToString(CultureInfo.InvariantCulture),
    };

    private static string Describe(IReadOnlyList<LeftOutSignal> leftOut) => leftOut.Count == 0
        ? "none"
        : string.Join(", ", leftOut.Select(s => $"{SignalCatalogue.Find(s.Signal)?.Path ?? s.Signal.ToString(CultureInfo.InvariantCulture)} ({s.Reason})"));

    private sealed record Sensor(byte[] MlModel, float[] Reliance, float Scale, float[] Residuals, double Explained);
}
