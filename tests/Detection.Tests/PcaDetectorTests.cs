using Kappa.Iot.Contracts;
using Kappa.Iot.Detection.Training;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace Kappa.Iot.Detection.Tests;

public sealed class PcaDetectorTests
{
    private static readonly Lazy<TrainingResult> Trained = new(() => PcaTrainer.Train(Set(24), TrainedModel.Options));

    [Fact]
    public void Train_SameDataAndSeed_GivesTheSameBytes() =>
        Assert.Equal(Trained.Value.Artifact, PcaTrainer.Train(Set(24), TrainedModel.Options, TestContext.Current.CancellationToken).Artifact);

    [Fact]
    public void Scores_lie_between_0_and_1_and_shares_add_up_to_them()
    {
        var judged = 0;
        foreach (var score in Scores(SyntheticFleet.Drive(100, 90, VehicleFoldTests.Overheat(600))))
        {
            Assert.InRange(score.Score_, 0, 1);
            if (score.Contributions.Count == 0) continue;
            judged++;
            Assert.Equal(score.Score_, score.Contributions.Sum(c => c.Share), 1e-5);
            Assert.All(score.Contributions, c => Assert.True(float.IsFinite(c.Observed) && float.IsFinite(c.Expected)));
        }
        Assert.Equal(85, judged);
    }

    [Fact]
    public void A_vehicle_that_overheats_scores_higher_than_before()
    {
        var scores = Scores(SyntheticFleet.Drive(100, 90, VehicleFoldTests.Overheat(600))).Select(s => s.Score_).ToList();
        Assert.True(scores.Skip(65).Average() > scores.Skip(10).Take(50).Average() + 0.1);
    }

    [Fact]
    public void A_vehicle_without_any_known_signal_is_not_judged() =>
        Assert.All(Scores(SyntheticFleet.Drive(103, 10, (_, _, _) => float.NaN)), s => Assert.Equal((0f, 0), (s.Score_, s.Contributions.Count)));

    [Fact]
    public void Errors_are_those_of_ML_NET()
    {
        var detector = (PcaDetector)ModelArtifact.Load("p", Trained.Value.Artifact);
        var rows = new List<float[]>();
        var errors = new List<float>();
        var window = detector.CreateWindow();
        var left = new float[detector.Model.Means.Length];
        foreach (var batch in SyntheticFleet.Drive(100, 90, VehicleFoldTests.Overheat(600)))
        {
            for (var position = 0; window.Advance(batch, ref position);)
            {
                var row = new float[left.Length];
                PcaDetector.ReadInputs(window, detector.Model.Means, detector.Model.Deviations, row);
                rows.Add(row);
                errors.Add(detector.Error(row, left));
            }
        }
        var scores = ModelArtifactTransform(rows);
        // ML.NET takes the difference of two large floats; what is lost in it is small against the whole.
        for (var i = 0; i < rows.Count; i++) Assert.Equal(scores[i] * scores[i], errors[i] * errors[i], 1e-3);
    }

    private static float[] ModelArtifactTransform(List<float[]> rows)
    {
        var ml = new MLContext(0);
        var schema = SchemaDefinition.Create(typeof(Row));
        schema[nameof(Row.Features)].ColumnType = new VectorDataViewType(NumberDataViewType.Single, rows[0].Length);
        var view = ml.Data.LoadFromEnumerable(rows.Select(row => new Row { Features = row }), schema);
        var (_, mlModels) = ModelArtifact.ReadMlModels("p", Trained.Value.Artifact);
        return [.. ml.Model.Load(new MemoryStream(mlModels[0]), out _).Transform(view).GetColumn<float>("Score")];
    }

    private static TrainingSet Set(int vehicles)
    {
        var set = new TrainingSet("test", TrainedModel.Options);
        foreach (var batch in Enumerable.Range(0, vehicles).SelectMany(v => SyntheticFleet.Drive(v, 120))) set.Add(batch);
        return set;
    }

    private static IEnumerable<Score> Scores(IEnumerable<TelemetryBatch> way)
    {
        var detector = ModelArtifact.Load("p", Trained.Value.Artifact);
        var window = detector.CreateWindow();
        foreach (var batch in way) yield return detector.Apply(window, batch);
    }

    private sealed class Row
    {
        public float[] Features { get; set; } = [];
    }
}
