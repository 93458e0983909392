using Kappa.Iot.Detection.Training;

namespace Kappa.Iot.Detection.Tests;

public sealed class OnnxImportTests
{
    [Fact]
    public void Without_a_threshold_it_is_found_on_normal_driving()
    {
        var onnx = OnnxFile.Dense([6, 4, 6]);
        var normal = Enumerable.Range(0, 10).SelectMany(v => SyntheticFleet.Drive(v, 200));
        var (artifact, metrics) = OnnxImport.Create(onnx, BroughtNetwork.Synthetic, normal, falseAlertsPerHour: 1);
        var detector = Assert.IsType<OnnxDetector>(ModelArtifact.Load("m", artifact));
        Assert.Equal(metrics["threshold"], detector.Model.Threshold, 1e-6);
        Assert.Equal(10 * 200 / 360.0, metrics["vehicle_hours"], 0.01);
        Assert.InRange(metrics["false_alerts_per_hour"], 0, 1);
        var alerts = 0;
        for (var v = 0; v < 10; v++)
        {
            var fold = new VehicleFold($"TEST{v:000}");
            var offset = 0;
            foreach (var batch in SyntheticFleet.Drive(v, 200))
            {
                var quiet = !fold.OpenAlerts.Any();
                fold.Apply(detector, batch, 0, offset++);
                if (quiet && fold.OpenAlerts.Any()) alerts++;
            }
        }
        // Counted by one type of alert; live, an alert may be cleared sooner because the suspicion moves on to another.
        Assert.InRange(alerts / metrics["vehicle_hours"], 0, 2);
        // A tenfold change is above it.
        var odd = detector.Apply(detector.CreateWindow(), SyntheticFleet.Drive(1, 1, (signal, _, value) => signal == SyntheticFleet.TyreLeft ? value * 2 : value)[0]);
        Assert.InRange(odd.Score_, 0.5f, 1);
        Assert.Equal(SyntheticFleet.TyreLeft, odd.Contributions[0].Signal);

        var none = Assert.Throws<TrainingException>(() => OnnxImport.Create(onnx, BroughtNetwork.Synthetic, null, 1));
        Assert.Contains("threshold", none.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("shape", "shape ?x7")]
    [InlineData("batch", "shape 4x6")]
    [InlineData("output", "it gives 5 numbers, not 6")]
    [InlineData("cut", "cannot be loaded")]
    [InlineData("rubbish", "cannot be loaded")]
    [InlineData("empty", "cannot be loaded")]
    [InlineData("infinite", "finite")]
    public void A_network_that_does_not_fit_is_refused_in_one_line(string kind, string wanted)
    {
        var onnx = kind switch
        {
            "shape" => OnnxFile.Dense([7, 3, 7]),
            "batch" => OnnxFile.Dense([6, 3, 6], batch: 4),
            "output" => OnnxFile.Dense([6, 3, 5]),
            "cut" => OnnxFile.Dense([6, 3, 6])[..200],
            "rubbish" => [.. Enumerable.Range(0, 500).Select(i => (byte)(i * 37))],
            "infinite" => OnnxFile.Dense([6, 6], weight: (_, _, _) => float.NaN),
            _ => [],
        };
        var refused = Assert.Throws<InvalidDataException>(() => OnnxImport.Create(onnx, BroughtNetwork.Synthetic with { Threshold = 1 }, null, 0.1));
        Assert.Contains(wanted, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refused.Message);
    }

    [Theory]
    [InlineData("""{"profile":"p","signals":["Vehicle.OBD.Speed","Vehicle.Warp"],"mean":[0,0],"scale":[1,1]}""", "Vehicle.Warp")]
    [InlineData("""{"profile":"p","signals":["Vehicle.OBD.Speed"],"mean":[0,0],"scale":[1]}""", "1 signals, 2 values in 'mean'")]
    [InlineData("""{"profile":"p","signals":["Vehicle.OBD.Speed"],"mean":[0],"scale":[0]}""", "'scale'")]
    [InlineData("""{"profile":"p","signals":["Vehicle.OBD.Speed"],"mean":[0],"scale":[1],"row":"sample","rows":5}""", "one by one")]
    [InlineData("""{"profile":"p","signals":["Vehicle.OBD.Speed"],"mean":[0],"scale":[1],"row":"minute"}""", "$.row")]
    [InlineData("""{"profile":"p","signals":["Vehicle.OBD.Speed"],"mean":[0],"scale":[1],"window":3}""", "window")]
    [InlineData("""{"profile":"p","signals":["Vehicle.OBD.Speed"],"mean":[0]}""", "scale")]
    [InlineData("""{"profile":"p","signals":[],"mean":[],"scale":[]}""", "names none")]
    [InlineData("not json", "cannot be read")]
    public void A_manifest_that_is_wrong_is_refused_in_one_line(string json, string wanted)
    {
        var refused = Assert.Throws<InvalidDataException>(() => OnnxManifest.Read(json, "model.json"));
        Assert.Contains(wanted, refused.Message, StringComparison.Ordinal);
        Assert.Contains("model.json", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refused.Message);
    }

    [Fact]
    public void A_network_whose_weights_are_in_a_file_beside_it_is_refused_wherever_that_file_is()
    {
        // A scorer would not have the file.
        var beside = $"weights-{Guid.NewGuid():N}.bin";
        var onnx = OnnxFile.Dense([6, 3, 6], beside: beside);
        var missing = Assert.Throws<InvalidDataException>(() => OnnxImport.Create(onnx, BroughtNetwork.Synthetic with { Threshold = 1 }, null, 0.1));
        Assert.DoesNotContain('\n', missing.Message);
        File.WriteAllBytes(beside, new byte[100]);
        try
        {
            var there = Assert.Throws<InvalidDataException>(() => OnnxImport.Create(onnx, BroughtNetwork.Synthetic with { Threshold = 1 }, null, 0.1));
            Assert.Contains(beside, there.Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(beside);
        }
    }

    [Fact]
    public void Driving_without_the_models_signals_gives_no_threshold()
    {
        var other = SyntheticFleet.Drive(1, 20);
        foreach (var batch in other) while (batch.Columns.Count > 2) batch.Columns.RemoveAt(2);
        var refused = Assert.Throws<TrainingException>(() => OnnxImport.Create(OnnxFile.Dense([6, 4, 6]), BroughtNetwork.Synthetic, other, 1));
        Assert.Contains("half of the model's signals", refused.Message, StringComparison.Ordinal);
    }
}
