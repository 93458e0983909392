using System.Diagnostics;
using Kappa.Iot.Detection.Training;

namespace Kappa.Iot.Detection.Tests;

public sealed class RecordedTripTests(ITestOutputHelper output)
{
    [Fact]
    public void Trips_that_were_driven_give_a_model()
    {
        var options = new TrainingOptions();
        var set = new TrainingSet("obd", options);
        foreach (var batch in RecordedTrips.Files("train").SelectMany(f => RecordedTrips.Read(f))) set.Add(batch);
        var watch = Stopwatch.StartNew();
        var result = VirtualSensorTrainer.Train(set, options, cancel: TestContext.Current.CancellationToken);
        output.WriteLine($"{watch.Elapsed} {result.Artifact.Length}");
        foreach (var m in result.Metrics) output.WriteLine($"{m}");
        watch.Restart();
        var detector = ModelArtifact.Load("m", result.Artifact);
        output.WriteLine($"load {watch.Elapsed}");
        Assert.Equal("obd", detector.Profile);
    }
}
