using System.Diagnostics;
using System.Text.Json;
using Kappa.Iot.Contracts;
using Kappa.Iot.Detection;
using Kappa.Iot.Detection.Training;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace Kappa.Iot.Benchmarks.Detection;

/// <summary>What scoring one batch of 10 samples x 24 signals costs, beside ML.NET running the same models on the same features.</summary>
internal static class DetectionBenchmark
{
    private const int Signals = 24, Vehicles = 12, BatchesPerVehicle = 180;

    public static int Run(TimeSpan duration, bool json)
    {
        // Trees of the size that is deployed; how good they are does not matter here.
        var options = new TrainingOptions { Disturbances = 400, Folds = 2 };
        Console.Error.WriteLine($"Training a model of {Signals} signals...");
        var set = new TrainingSet("benchmark", options);
        foreach (var batch in Enumerable.Range(0, Vehicles).SelectMany(v => SyntheticDrive.Of(v, Signals, BatchesPerVehicle))) set.Add(batch);
        var artifact = VirtualSensorTrainer.Train(set, options).Artifact;
        var detector = (VirtualSensorDetector)ModelArtifact.Load("benchmark", artifact);

        var way = SyntheticDrive.Of(1000, Signals, 2000);
        var window = detector.CreateWindow();
        foreach (var batch in way) detector.Fold(window, batch);
        var state = window.Save().Length;

        var (fold, foldBytes) = Measure(way, duration, i => detector.Fold(window, way[i]), () => window = detector.CreateWindow());
        var (apply, applyBytes) = Measure(way, duration, i => detector.Apply(window, way[i]), () => window = detector.CreateWindow());
        var (together, togetherBytes) = MeasureTogether(detector, duration);
        var (engine, transform) = MlNet(detector, artifact, way, duration);
        Console.WriteLine($"ours: fold {fold:0.0} us a batch ({foldBytes:0.#} bytes allocated), with the score message {apply:0.0} us ({applyBytes:0} bytes), state {state} bytes");
        Console.WriteLine($"ours, {SideBySide.Rows} vehicles at once, with the score message: {together:0.0} us a batch ({togetherBytes:0} bytes)");
        Console.WriteLine($"ML.NET on the same models and features: PredictionEngine {engine:0.0} us a batch, Transform {transform:0.0} us a batch");
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(new
            {
                ours = new { us_per_batch = fold, allocated_bytes_per_batch = foldBytes, us_per_batch_with_message = apply, message_bytes_per_batch = applyBytes, us_per_batch_together = together, state_bytes = state },
                peers = new { mlnet_prediction_engine = new { us_per_batch = engine }, mlnet_transform = new { us_per_batch = transform } },
                ratio = new { us_per_batch_vs_mlnet_prediction_engine = fold / engine, us_per_batch_vs_mlnet_transform = fold / transform },
            }));
        }
        return 0;
    }

    /// <summary>Microseconds of CPU time and bytes a batch; the best of rounds, as for the peers, because other work on the machine only ever adds.</summary>
    private static (double Microseconds, double Bytes) Measure(List<TelemetryBatch> way, TimeSpan duration, Action<int> work, Action startAnew)
    {
        var rounds = new List<double>();
        var bytes = 0L;
        var batches = 0L;
        var whole = Stopwatch.StartNew();
        while (whole.Elapsed < duration || rounds.Count < 3)
        {
            startAnew();
            var before = GC.GetAllocatedBytesForCurrentThread();
            var round = Environment.CpuUsage.TotalTime;
            for (var i = 0; i < way.Count; i++) work(i);
            rounds.Add((Environment.CpuUsage.TotalTime - round).TotalMicroseconds / way.Count);
            bytes += GC.GetAllocatedBytesForCurrentThread() - before;
            batches += way.Count;
        }
        rounds.Sort();
        return (rounds[0], bytes / (double)batches);
    }

    /// <summary>As many vehicles as are scored at once, each with its own drive.</summary>
    private static (double Microseconds, double Bytes) MeasureTogether(VirtualSensorDetector detector, TimeSpan duration)
    {
        var ways = Enumerable.Range(0, SideBySide.Rows).Select(vehicle => SyntheticDrive.Of(1000 + vehicle, Signals, 500)).ToList();
        var turns = ways.Select(_ => new VehicleTurn()).ToArray();
        var (microseconds, bytes) = Measure(ways[0], duration, i =>
        {
            for (var v = 0; v < turns.Length; v++) turns[v].Batch = ways[v][i];
            detector.Apply(turns);
        }, () =>
        {
            foreach (var turn in turns) turn.Window = detector.CreateWindow();
        });
        return (microseconds / turns.Length, bytes / turns.Length);
    }

    /// <summary>The same models by ML.NET: one row at a time, and many at once.</summary>
    private static (double Engine, double Transform) MlNet(VirtualSensorDetector detector, byte[] artifact, List<TelemetryBatch> way, TimeSpan duration)
    {
        var (_, models) = ModelArtifact.Read("benchmark", artifact);
        var signals = detector.Model.Sensors.Count;
        var inputs = new List<Row>();
        var features = new List<Row>();
        var heads = new List<Row>();
        var window = detector.CreateWindow();
        foreach (var batch in way)
        {
            for (var position = 0; window.Advance(batch, ref position);)
            {
                float[] input = new float[SensorBank.Width(signals)], expected = new float[signals], feature = new float[FusionFeatures.Width(signals)], head = new float[FusionFeatures.HeadWidth(signals)];
                detector.Sensors.Observe(window, input, expected);
                detector.ReadFeatures(window, feature);
                FusionFeatures.ReadHead(feature, signals, 0, head);
                inputs.Add(new Row { Features = input });
                features.Add(new Row { Features = feature });
                heads.Add(new Row { Features = head });
            }
        }

        double engine = 0, transform = 0;
        for (var m = 0; m < models.Count; m++)
        {
            var rows = m < 2 * signals ? inputs : m < 2 * signals + detector.Model.Globals ? features : heads;
            var times = m < 2 * signals + detector.Model.Globals ? 1 : signals;
            var ml = new MLContext(0);
            var schema = SchemaDefinition.Create(typeof(Row));
            schema[nameof(Row.Features)].ColumnType = new VectorDataViewType(NumberDataViewType.Single, rows[0].Features.Length);
            var model = ml.Model.Load(new MemoryStream(models[m]), out _);
            var predict = ml.Model.CreatePredictionEngine<Row, Prediction>(model, inputSchemaDefinition: schema);
            var prediction = new Prediction();
            engine += times * Best(rows.Count, duration / models.Count, () =>
            {
                foreach (var row in rows) predict.Predict(row, ref prediction);
            });
            var view = ml.Data.LoadFromEnumerable(rows, schema);
            transform += times * Best(rows.Count, duration / models.Count, () =>
            {
                var sum = 0f;
                foreach (var score in model.Transform(view).GetColumn<float>("Score")) sum += score;
            });
        }
        return (engine, transform);
    }

    private static double Best(int rows, TimeSpan duration, Action work)
    {
        var best = double.MaxValue;
        var whole = Stopwatch.StartNew();
        for (var n = 0; n < 2 || whole.Elapsed < duration; n++)
        {
            var round = Environment.CpuUsage.TotalTime;
            work();
            best = Math.Min(best, (Environment.CpuUsage.TotalTime - round).TotalMicroseconds / rows);
        }
        return best;
    }

    private sealed class Row
    {
        public float[] Features { get; set; } = [];

        public float Label { get; set; }
    }

    private sealed class Prediction
    {
        public float Score { get; set; }
    }
}
