using Kappa.Iot.Contracts;
using Kappa.Iot.Detection.Training;

namespace Kappa.Iot.Detection.Tests;

public sealed class TrainingTests
{
    private static readonly TrainingOptions Small = TrainedModel.Options with { Disturbances = 50, Sensors = TrainedModel.Options.Sensors with { Trees = 5 } };

    [Fact]
    public void Train_SameDataAndSeed_GivesTheSameBytes()
    {
        var again = TrainedModel.Train(TrainedModel.Options with { Parallelism = 1 });
        Assert.Equal(TrainedModel.Result.Artifact, again.Artifact);
        Assert.NotEqual(TrainedModel.Result.Artifact, TrainedModel.Train(TrainedModel.Options with { Seed = 2 }).Artifact);
    }

    [Fact]
    public void Train_BatchesShuffledBetweenVehiclesTwiceAndSlightlyLate_GivesTheSameBytes()
    {
        var random = new Random(3);
        var set = new TrainingSet("test", TrainedModel.Options);
        var vehicles = Enumerable.Range(0, 24).Select(v => SyntheticFleet.Drive(v, 120)).ToList();
        for (var from = 0; from < 120; from += 8)
        {
            var part = vehicles.SelectMany(v => v.Skip(from).Take(8)).OrderBy(_ => random.Next()).ToList();
            foreach (var batch in part.Concat(part.Take(5))) set.Add(batch);
        }
        Assert.Equal(24 * 120, set.Batches);
        Assert.Equal(5 * 15, set.Duplicates);
        var result = VirtualSensorTrainer.Train(set, TrainedModel.Options, cancel: TestContext.Current.CancellationToken);
        Assert.Equal(TrainedModel.Result.Artifact, result.Artifact);
    }

    [Fact]
    public void Train_NormalVehicles_KeepsToTheFalseAlertsAskedFor()
    {
        var result = TrainedModel.Result;
        Assert.InRange(result.Metrics["false_alerts_per_hour"], 0, TrainedModel.Options.FalseAlertsPerHour);
        Assert.InRange(result.Metrics["r2/Vehicle.OBD.EngineLoad"], 0.9, 1);
    }

    [Fact]
    public void Train_ConstantMissingAndUnscoredSignals_AreLeftOut()
    {
        var options = Small;
        var set = new TrainingSet("test", options);
        foreach (var batch in Enumerable.Range(0, 4).SelectMany(v => SyntheticFleet.Drive(v, 60)))
        {
            batch.Columns.Add(new SignalColumn { Signal = 9, Values = { batch.Columns[0].Values } });
            batch.Columns.Add(new SignalColumn { Signal = 16, Values = { Enumerable.Repeat(12f, 10) } });
            batch.Columns.Add(new SignalColumn { Signal = 17, Values = { Enumerable.Repeat(float.NaN, 10) } });
            if (batch.Vin == "TEST001") batch.Columns.Add(new SignalColumn { Signal = 12, Values = { batch.Columns[0].Values } });
            set.Add(batch);
        }
        var result = VirtualSensorTrainer.Train(set, options, cancel: TestContext.Current.CancellationToken);
        Assert.Equal([(12u, "missing in 75 % of the samples"), (16u, "constant at 12")], result.LeftOut.Select(l => (l.Signal, l.Reason.Replace(" %", "%").Replace("%", " %"))));
        var (model, _) = ModelArtifact.Read("m", result.Artifact);
        Assert.Equal([2u, 4u, 5u, 18u, 40u, 41u], model.Sensors.Select(s => s.Signal));
    }

    [Fact]
    public void Train_OneVehicle_Works()
    {
        var result = TrainedModel.Train(Small, vehicles: 1, batches: 200);
        Assert.Equal(1, result.Metrics["vehicles"]);
    }

    [Fact]
    public void Train_RandomRowsTenSecondsApart_Works()
    {
        // The article's sample: values without any relation, each its own step.
        var options = Small;
        var random = new Random(1);
        var set = new TrainingSet("article", options);
        for (var v = 0; v < 10; v++)
        {
            for (var b = 0; b < 10; b++)
            {
                var batch = new TelemetryBatch { Vin = $"car{v}", Profile = "article", BootId = 1, Sequence = (ulong)b + 1, StartTimeMs = b * 100_000, SampleIntervalMs = 10_000 };
                foreach (var signal in new uint[] { 5, 12, 50, 40 })
                    batch.Columns.Add(new SignalColumn { Signal = signal, Values = { Enumerable.Range(0, 10).Select(_ => random.NextSingle()) } });
                set.Add(batch);
            }
        }
        var detector = ModelArtifact.Load("m", VirtualSensorTrainer.Train(set, options, cancel: TestContext.Current.CancellationToken).Artifact);
        Assert.Equal("article", detector.Profile);
    }

    [Fact]
    public void Train_NothingOrTooLittle_SaysSo()
    {
        var empty = new TrainingSet("test", TrainedModel.Options);
        Assert.False(empty.Add(new TelemetryBatch { Vin = "V", Profile = "other" }));
        Assert.Contains("no telemetry", Refused(empty), StringComparison.Ordinal);

        var little = new TrainingSet("test", TrainedModel.Options);
        foreach (var batch in SyntheticFleet.Drive(1, 5)) little.Add(batch);
        Assert.Contains("5 steps", Refused(little), StringComparison.Ordinal);

        var constant = new TrainingSet("test", TrainedModel.Options);
        foreach (var batch in SyntheticFleet.Drive(1, 200, (_, _, _) => 5)) constant.Add(batch);
        Assert.Contains("constant at 5", Refused(constant), StringComparison.Ordinal);
    }

    [Fact]
    public void Add_MoreThanMayBeKept_LeavesOutVehiclesWhateverTheOrder()
    {
        var options = TrainedModel.Options with { MaxSteps = 500 };
        var vehicles = Enumerable.Range(0, 12).Select(v => SyntheticFleet.Drive(v, 100)).ToList();
        var oneByOne = new TrainingSet("test", options);
        foreach (var batch in vehicles.SelectMany(v => v)) oneByOne.Add(batch);
        var inTurn = new TrainingSet("test", options);
        for (var b = 0; b < 100; b++)
        {
            foreach (var vehicle in vehicles) inTurn.Add(vehicle[b]);
        }
        Assert.InRange(oneByOne.Steps, 300, 500);
        Assert.Equal(oneByOne.Series.Select(s => s.Vin), inTurn.Series.Select(s => s.Vin));
    }

    [Fact]
    public void Load_DamagedArtifact_SaysSo()
    {
        var artifact = TrainedModel.Result.Artifact;
        var damaged = artifact.ToArray();
        damaged[artifact.Length / 2] ^= 1;
        Assert.Contains("damaged", Assert.Throws<InvalidDataException>(() => ModelArtifact.Load("m", damaged)).Message, StringComparison.Ordinal);
        Assert.Throws<InvalidDataException>(() => ModelArtifact.Load("m", artifact.AsMemory(0, artifact.Length / 2)));
        Assert.Throws<InvalidDataException>(() => ModelArtifact.Load("m", ReadOnlyMemory<byte>.Empty));
        Assert.Throws<InvalidDataException>(() => ModelArtifact.Load("m", new byte[5000]));
    }

    [Fact]
    public void Load_WholeArtifactThatMakesNoSense_SaysSo()
    {
        var model = new OnnxModel { Profile = "p", Signals = null!, Row = default, Rows = 1, Output = default, Mean = [0], Scale = [1], Threshold = 1, Spread = 1 };
        Assert.Contains("'m'", Assert.Throws<InvalidDataException>(() => ModelArtifact.Load("m", ModelArtifact.Save(model, [1, 2, 3]))).Message, StringComparison.Ordinal);
    }

    private static string Refused(TrainingSet set) => Assert.Throws<TrainingException>(
        () => VirtualSensorTrainer.Train(set, TrainedModel.Options, cancel: TestContext.Current.CancellationToken)).Message;
}
