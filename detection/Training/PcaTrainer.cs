using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Trainers;

namespace Kappa.Iot.Detection.Training;

/// <summary>Trains ML.NET's RandomizedPca on normal driving and calibrates it on vehicles that it has not seen.</summary>
public static class PcaTrainer
{
    private const int MaxRank = 8;

    /// <summary>Trains a model on everything in the set.</summary>
    /// <exception cref="TrainingException">The data cannot give a model.</exception>
    public static TrainingResult Train(TrainingSet set, TrainingOptions options, CancellationToken cancel = default)
    {
        var table = StepTable.Read(set, options);
        var (means, deviations) = Standard(table);
        var rows = new float[table.Rows][];
        var judged = new bool[table.Rows];
        var gaps = new int[table.Rows];
        for (var v = 0; v < table.Vehicles.Count; v++)
        {
            var first = table.FirstRow[v];
            SeriesPlayer.Play(table.Vehicles[v], new VehicleWindow(table.Shape), (window, step) =>
            {
                rows[first + step] = new float[means.Length];
                gaps[first + step] = window.GapBefore;
                judged[first + step] = PcaDetector.ReadInputs(window, means, deviations, rows[first + step]) && window.Age >= VirtualSensorDetector.MinAge;
            });
        }

        var model = new PcaModel { Profile = set.Profile, Signals = [.. table.Shape.Signals], Means = means, Deviations = deviations, Threshold = 1 };
        var evidence = new float[table.Rows];
        Array.Fill(evidence, float.NaN);
        for (var fold = 0; fold < table.Folds; fold++)
        {
            cancel.ThrowIfCancellationRequested();
            var detector = new PcaDetector("", model, Fit([.. rows.Where((_, row) => judged[row] && table.Fold[row] != fold)], options).Components);
            var left = new float[means.Length];
            for (var row = 0; row < rows.Length; row++)
            {
                if (judged[row] && table.Fold[row] == fold) evidence[row] = PcaDetector.EvidenceOf(detector.Error(rows[row], left));
            }
        }
        var hours = table.Rows * (double)VehicleWindow.StepMs / 3_600_000;
        var (threshold, alerts) = Calibration.Threshold(evidence, gaps, Calibration.Allowed(options.FalseAlertsPerHour, hours));
        model = model with { Threshold = threshold / PcaDetector.EvidenceOf(1) };

        var artifact = ModelArtifact.Save(model, Fit([.. rows.Where((_, row) => judged[row])], options).Saved);
        return new TrainingResult(
            artifact,
            new Dictionary<string, double> { ["vehicles"] = set.Vehicles, ["steps"] = table.Rows, ["threshold"] = model.Threshold, ["false_alerts_per_hour"] = alerts / hours },
            new Dictionary<string, string> { ["folds"] = options.Folds.ToString(CultureInfo.InvariantCulture), ["seed"] = options.Seed.ToString(CultureInfo.InvariantCulture) },
            table.LeftOut);
    }

    private static (PcaModelParameters Components, byte[] Saved) Fit(float[][] rows, TrainingOptions options)
    {
        if (rows.Length == 0) throw new TrainingException("No step of the data could be judged: the vehicles' telemetry is too short. Give a longer time range.");
        var ml = new MLContext(options.Seed);
        var schema = SchemaDefinition.Create(typeof(Row));
        schema[nameof(Row.Features)].ColumnType = new VectorDataViewType(NumberDataViewType.Single, rows[0].Length);
        var view = ml.Data.LoadFromEnumerable(rows.Select(row => new Row { Features = row }), schema);
        var rank = Math.Min(MaxRank, Math.Max(1, rows[0].Length / 2));
        var fitted = ml.AnomalyDetection.Trainers.RandomizedPca(nameof(Row.Features), rank: rank, oversampling: rows[0].Length - rank, seed: options.Seed).Fit(view);
        return (fitted.Model, SavedModel.Of(ml, fitted, view.Schema));
    }

    private static (float[] Means, float[] Deviations) Standard(StepTable table)
    {
        var means = new float[table.Signals * PcaDetector.InputsPerSignal];
        var deviations = new float[means.Length];
        for (var s = 0; s < table.Signals; s++)
        {
            for (var k = 0; k < PcaDetector.InputsPerSignal; k++)
            {
                double sum = 0, squares = 0;
                for (var row = 0; row < table.Rows; row++)
                {
                    var value = (double)table.Row(row)[s * SensorBank.InputsPerSignal + k];
                    sum += value;
                    squares += value * value;
                }
                var mean = sum / table.Rows;
                means[s * PcaDetector.InputsPerSignal + k] = (float)mean;
                deviations[s * PcaDetector.InputsPerSignal + k] = (float)Math.Sqrt(Math.Max(squares / table.Rows - mean * mean, 1e-12));
            }
        }
        return (means, deviations);
    }

    private sealed class Row
    {
        public float[] Features { get; set; } = [];
    }
}
