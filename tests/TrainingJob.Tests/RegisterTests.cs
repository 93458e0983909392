using Kappa.Iot.Contracts;
using Kappa.Iot.Detection;
using Kappa.Iot.Detection.Tests;
using Kappa.Iot.Streaming.Models;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kappa.Iot.TrainingJob.Tests;

public sealed class RegisterTests(TheLog log)
{
    [Fact]
    public async Task A_network_from_elsewhere_is_registered_promoted_and_scores_like_any_other()
    {
        using var folder = new TraceFolder();
        var profile = TheLog.NewProfile();
        await BroughtModel.WriteAsync(folder, OnnxFile.Dense([3, 2, 3]), BroughtModel.Manifest(profile));
        var run = await RegisterAsync(folder, "--traces", folder.Train, "--by", "anna");
        Assert.True(run.ExitCode == 0, run.People);

        var registry = new ModelRegistry(log.Kafka, NullLogger.Instance);
        var version = (await registry.ReadAllAsync(TestContext.Current.CancellationToken)).Versions[run.LastLine];
        Assert.Equal((profile, "onnx", ModelStage.Candidate, "anna", "model.onnx"), (version.Profile, version.Detector, version.Stage, version.CreatedBy, version.Lineage.Source));
        Assert.Equal((8UL, "Step"), (version.Lineage.Vehicles, version.Parameters["row"]));
        Assert.InRange(version.Metrics["threshold"], 1e-6, 100);
        Assert.Equal(8 * 1200 / 3600.0, version.Metrics["vehicle_hours"], 0.01);

        Assert.Equal(0, (await Run.Of("promote", run.LastLine, "--kafka", log.Address)).ExitCode);
        var detector = ModelArtifact.Load(run.LastLine, await registry.ReadArtifactAsync(run.LastLine, TestContext.Current.CancellationToken));
        var trips = Evaluation.ScoredTrip.Play(detector, Traces.RecordedTraces.Batches(Path.Combine(folder.Test, "broken.csv"), profile));
        Assert.Equal(1200, Assert.Single(trips).Samples.Count);
        Assert.Contains(trips[0].Steps, step => step.Score.Contributions.Count > 0);

        // The same driving has not drifted from that which the threshold was found on.
        log.Write(Directory.GetFiles(folder.Train).SelectMany(file => Traces.RecordedTraces.Batches(file, profile)));
        var drift = await Run.Of("drift", "--profile", profile, "--from", Fleet.Time(-1), "--to", Fleet.Time(10_000), "--kafka", log.Address);
        Assert.True(drift.ExitCode == 0, drift.People + drift.Results);
    }

    [Theory]
    [InlineData("wrong shape", "takes an input of shape ?x4")]
    [InlineData("damaged", "cannot be loaded")]
    [InlineData("unknown signal", "Vehicle.Warp")]
    [InlineData("no threshold", "threshold")]
    [InlineData("no file", "There is no file")]
    [InlineData("not JSON", "cannot be read")]
    public async Task What_cannot_score_is_refused_in_one_line_and_the_active_model_stays(string kind, string wanted)
    {
        using var folder = new TraceFolder();
        var profile = TheLog.NewProfile();
        await BroughtModel.WriteAsync(folder, OnnxFile.Dense([3, 2, 3]), BroughtModel.Manifest(profile) with { Threshold = 1 });
        var active = (await RegisterAsync(folder)).LastLine;
        Assert.Equal(0, (await Run.Of("promote", active, "--kafka", log.Address)).ExitCode);

        var manifest = BroughtModel.Manifest(profile) with { Threshold = 1 };
        await BroughtModel.WriteAsync(folder,
            kind switch { "wrong shape" => OnnxFile.Dense([4, 2, 4]), "damaged" => OnnxFile.Dense([3, 2, 3])[..150], _ => OnnxFile.Dense([3, 2, 3], seed: 2) },
            kind switch { "unknown signal" => manifest with { Signals = [.. manifest.Signals[..2], "Vehicle.Warp"] }, "no threshold" => manifest with { Threshold = null }, _ => manifest });
        if (kind == "no file") File.Delete(folder.PathOf("model.onnx"));
        if (kind == "not JSON") await File.WriteAllTextAsync(folder.PathOf("model.json"), "profile: obd", TestContext.Current.CancellationToken);

        var run = await RegisterAsync(folder);
        Assert.Equal((1, ""), (run.ExitCode, run.Results));
        Assert.Contains(wanted, run.People, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', run.People);
        var now = await new ModelRegistry(log.Kafka, NullLogger.Instance).ReadAllAsync(TestContext.Current.CancellationToken);
        Assert.Equal(active, now.Active[profile].ModelId);
        Assert.Single(now.Versions.Values, version => version.Profile == profile);
    }

    private Task<Run> RegisterAsync(TraceFolder folder, params string[] more) => BroughtModel.RegisterAsync(folder, log.Address, more);
}
