using Kappa.Iot.Detection.Training;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace Kappa.Iot.Detection.Tests;

public sealed class RecordedTripTests
{
    [Fact]
    public void Compiled_trees_give_what_ML_NET_gives_on_every_step_of_real_trips()
    {
        var options = new TrainingOptions { MaxRows = 2_000, Trees = 30 };
        var trips = RecordedTrips.Files("train").Take(12).Select(file => RecordedTrips.Read(file)).ToList();
        var set = new TrainingSet("obd", options);
        foreach (var batch in trips.SelectMany(trip => trip)) set.Add(batch);
        var artifact = VirtualSensorTrainer.Train(set, options, cancel: TestContext.Current.CancellationToken).Artifact;
        var (model, mlModels) = ModelArtifact.Read("m", artifact);
        var detector = (VirtualSensorDetector)ModelArtifact.Load("m", artifact);

        var rows = new List<Row>();
        var predictions = new List<float[]>();
        foreach (var trip in trips)
        {
            var window = detector.CreateWindow();
            foreach (var batch in trip)
            {
                for (var position = 0; window.Advance(batch, ref position);)
                {
                    var features = new float[model.Sensors.Count * SensorFeatures.PerSignal];
                    float[] expected = new float[model.Sensors.Count], residuals = new float[model.Sensors.Count];
                    detector.Predict(window.Inputs, features, expected, residuals);
                    rows.Add(new Row { Features = features });
                    predictions.Add(expected);
                }
            }
        }
        Assert.True(rows.Count > 1_000);

        var ml = new MLContext(0);
        var schema = SchemaDefinition.Create(typeof(Row));
        schema[nameof(Row.Features)].ColumnType = new VectorDataViewType(NumberDataViewType.Single, rows[0].Features.Length);
        var view = ml.Data.LoadFromEnumerable(rows, schema);
        for (var s = 0; s < model.Sensors.Count; s++)
        {
            var scores = ml.Model.Load(new MemoryStream(mlModels[s]), out _).Transform(view).GetColumn<float>("Score").ToArray();
            for (var row = 0; row < rows.Count; row++)
            {
                if (float.IsNaN(predictions[row][s])) continue;
                Assert.Equal(scores[row], predictions[row][s]);
            }
        }
    }

    private sealed class Row
    {
        public float[] Features { get; set; } = [];

        public float Label { get; set; }
    }
}
