using Kappa.Iot.Contracts;
using Kappa.Iot.Detection.Training;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace Kappa.Iot.Detection.Tests;

public sealed class RecordedTripTests
{
    [Fact]
    public void Compiled_trees_give_what_ML_NET_gives_on_every_step_of_real_trips()
    {
        var options = TrainingOptions.Quick with { Disturbances = 300 };
        var trips = RecordedTrips.Files("train").Select(file => RecordedTrips.Read(file)).ToList();
        var set = new TrainingSet("obd", options);
        foreach (var batch in trips.Take(12).SelectMany(trip => trip)) set.Add(batch);
        var artifact = VirtualSensorTrainer.Train(set, options, cancel: TestContext.Current.CancellationToken).Artifact;
        var (model, mlModels) = ModelArtifact.Read("m", artifact);
        var detector = (VirtualSensorDetector)ModelArtifact.Load("m", artifact);
        var signals = model.Sensors.Count;

        // Every step of every trip, those that the model has seen and those that it has not.
        List<float[]> inputs = [], predictions = [], features = [], heads = [];
        List<float> globals = [];
        foreach (var trip in trips)
        {
            var window = detector.CreateWindow();
            foreach (var batch in trip)
            {
                for (var position = 0; window.Advance(batch, ref position);)
                {
                    float[] input = new float[SensorBank.Width(signals)], expected = new float[signals], feature = new float[FusionFeatures.Width(signals)], head = new float[signals];
                    detector.Sensors.Observe(window, input, expected);
                    detector.ReadFeatures(window, feature);
                    detector.Fusion.Heads(feature, head);
                    inputs.Add(input);
                    predictions.Add(expected);
                    features.Add(feature);
                    globals.Add(detector.Fusion.Global(feature));
                    heads.Add(head);
                }
            }
        }
        Assert.True(inputs.Count > 10_000);
        AssertTogether(detector, trips);

        for (var s = 0; s < signals; s++)
        {
            var scores = Transform(mlModels[s], inputs);
            Assert.All(scores.Zip(predictions), pair => Assert.True(float.IsNaN(pair.Second[s]) || pair.First == pair.Second[s]));
            Assert.Equal(Transform(mlModels[signals + s], inputs), inputs.Select(input => detector.Sensors.Error(s, input)));
        }
        Assert.Equal(Transform(mlModels[2 * signals], features), globals);
        for (var s = 0; s < signals; s++)
        {
            var own = features.ConvertAll(feature =>
            {
                var head = new float[FusionFeatures.HeadWidth(signals)];
                FusionFeatures.ReadHead(feature, signals, s, head);
                return head;
            });
            Assert.Equal(Transform(mlModels[2 * signals + 1], own), heads.Select(head => head[s]));
        }
    }

    /// <summary>Trips that are driven side by side give what each gives alone.</summary>
    private static void AssertTogether(VirtualSensorDetector detector, List<List<TelemetryBatch>> trips)
    {
        var alone = trips.ConvertAll(_ => detector.CreateWindow());
        var turns = trips.ConvertAll(_ => new VehicleTurn { Window = detector.CreateWindow() });
        for (var i = 0; i < trips.Max(trip => trip.Count); i++)
        {
            var going = Enumerable.Range(0, trips.Count).Where(trip => i < trips[trip].Count).ToList();
            foreach (var trip in going) turns[trip].Batch = trips[trip][i];
            detector.Apply(going.Select(trip => turns[trip]).ToArray());
            foreach (var trip in going) Assert.Equal(detector.Apply(alone[trip], trips[trip][i]), turns[trip].Score);
        }
        Assert.All(alone.Zip(turns), pair => Assert.Equal(pair.First.Save(), pair.Second.Window.Save()));
    }

    private static float[] Transform(byte[] mlModel, List<float[]> rows)
    {
        var ml = new MLContext(0);
        var schema = SchemaDefinition.Create(typeof(Row));
        schema[nameof(Row.Features)].ColumnType = new VectorDataViewType(NumberDataViewType.Single, rows[0].Length);
        var view = ml.Data.LoadFromEnumerable(rows.Select(row => new Row { Features = row }), schema);
        return [.. ml.Model.Load(new MemoryStream(mlModel), out _).Transform(view).GetColumn<float>("Score")];
    }

    private sealed class Row
    {
        public float[] Features { get; set; } = [];

        public float Label { get; set; }
    }
}
