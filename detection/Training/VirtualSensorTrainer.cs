using System.Globalization;
using Kappa.Iot.Contracts;

namespace Kappa.Iot.Detection.Training;

/// <summary>Trains virtual sensors and the classifiers of their residuals, and calibrates them on vehicles that they have not seen.</summary>
public static class VirtualSensorTrainer
{
    /// <summary>Trains a model on everything in the set.</summary>
    /// <exception cref="TrainingException">The data cannot give a model.</exception>
    public static TrainingResult Train(
        TrainingSet set, TrainingOptions options, IProgress<TrainingProgress>? progress = null, CancellationToken cancel = default)
    {
        var table = StepTable.Read(set, options);
        var sensors = SensorTrainer.Train(table, options, progress, cancel);
        var data = Disturb(table, sensors, options, progress, cancel);
        var fusion = FusionTrainer.Train(table, data, options, progress, cancel);
        var hours = fusion.Evidence.Length * (double)VehicleWindow.StepMs / 3_600_000;
        var (threshold, alerts) = Calibration.Threshold(fusion.Evidence, [.. data.SelectMany(vehicle => vehicle.Gaps)], Calibration.Allowed(options.FalseAlertsPerHour, hours));

        var model = new VirtualSensorModel
        {
            Profile = set.Profile,
            Threshold = threshold,
            Rest = fusion.Rest,
            LeftOut = table.LeftOut,
            Globals = 1,
            Heads = 1,
            Sensors = [.. sensors.Deployed.Sensors.Select((sensor, s) => sensor with { Normal = fusion.Limits[s], Usual = fusion.Usual[(s * FusionFeatures.PerSignal)..((s + 1) * FusionFeatures.PerSignal)] })],
        };
        var artifact = ModelArtifact.Save(model, [.. sensors.MlModels, fusion.Global, fusion.Heads]);
        return new TrainingResult(artifact, Metrics(set, table, sensors, fusion, hours, threshold, alerts), Parameters(options), table.LeftOut);
    }

    /// <summary>The classifiers' rows, of whole vehicles, those with the lowest hash of their id first, until there are enough steps.</summary>
    private static FusionData[] Disturb(StepTable table, TrainedSensors sensors, TrainingOptions options, IProgress<TrainingProgress>? progress, CancellationToken cancel)
    {
        var chosen = new List<int>();
        var steps = 0;
        foreach (var v in Enumerable.Range(0, table.Vehicles.Count).OrderBy(v => table.Vehicles[v].Hash))
        {
            // Every part must be there.
            if (steps >= options.MaxCalibrationSteps && chosen.Count >= table.Folds) break;
            steps += table.FirstRow[v + 1] - table.FirstRow[v];
            chosen.Add(v);
        }
        chosen.Sort();
        var data = new FusionData[chosen.Count];
        InParallel.For(data.Length, options, "disturb", progress, i =>
        {
            var own = table.FirstRow[chosen[i] + 1] - table.FirstRow[chosen[i]];
            var disturbances = (int)Math.Ceiling(options.Disturbances * (double)own / steps);
            data[i] = FusionData.Make(table, sensors, chosen[i], disturbances, options.Seed);
        }, cancel);
        return data;
    }

    private static Dictionary<string, double> Metrics(
        TrainingSet set, StepTable table, TrainedSensors sensors, TrainedFusion fusion, double hours, float threshold, int alerts)
    {
        var metrics = new Dictionary<string, double>
        {
            ["vehicles"] = set.Vehicles,
            ["vehicle_hours"] = table.Rows * (double)VehicleWindow.StepMs / 3_600_000,
            ["calibration_hours"] = hours,
            ["steps"] = table.Rows,
            ["disturbed_steps"] = fusion.DisturbedRows,
            ["threshold"] = threshold,
            ["false_alerts_per_hour"] = alerts / hours,
        };
        for (var s = 0; s < table.Signals; s++)
        {
            var name = SignalCatalogue.Find(table.Shape.Signals[s])?.Path ?? table.Shape.Signals[s].ToString(CultureInfo.InvariantCulture);
            metrics[$"r2/{name}"] = sensors.Explained[s];
            metrics[$"error/{name}"] = sensors.Deployed.Sensors[s].Scale;
        }
        return metrics;
    }

    private static Dictionary<string, string> Parameters(TrainingOptions options)
    {
        var parameters = new Dictionary<string, string>
        {
            ["false_alerts_per_hour"] = options.FalseAlertsPerHour.ToString("R", CultureInfo.InvariantCulture),
            ["max_rows"] = options.MaxRows.ToString(CultureInfo.InvariantCulture),
            ["max_steps"] = options.MaxSteps.ToString(CultureInfo.InvariantCulture),
            ["max_calibration_steps"] = options.MaxCalibrationSteps.ToString(CultureInfo.InvariantCulture),
            ["disturbances"] = options.Disturbances.ToString(CultureInfo.InvariantCulture),
            ["folds"] = options.Folds.ToString(CultureInfo.InvariantCulture),
            ["seed"] = options.Seed.ToString(CultureInfo.InvariantCulture),
        };
        foreach (var (name, trees) in new[] { ("sensors", options.Sensors), ("errors", options.Errors), ("global", options.Global), ("heads", options.Heads) })
            parameters[name] = string.Create(CultureInfo.InvariantCulture, $"{trees.Trees} x {trees.Leaves}, rate {trees.LearningRate}, min rows {trees.MinRowsPerLeaf}, features {trees.FeatureFraction}, rows {trees.RowFraction}, l2 {trees.L2}");
        return parameters;
    }
}
