using System.Text.Json;
using Kappa.Iot.Contracts;
using Kappa.Iot.TrainingJob.Drift;

namespace Kappa.Iot.TrainingJob.Tests;

public sealed class DriftTests(TheLog log)
{
    [Fact]
    public async Task Telemetry_that_changed_ends_with_3_and_names_the_signal()
    {
        var profile = TheLog.NewProfile();
        // An hour like the training's, then one in which one signal has moved.
        log.Write(Fleet.Drive(profile, vehicles: 8, batches: 180));
        log.Write(Fleet.Drive(profile, vehicles: 8, batches: 180, boot: 2, startSecond: 10_000));
        log.Write(Fleet.Drive(profile, vehicles: 8, batches: 180, boot: 3, startSecond: 20_000, coolantShift: 25));
        var id = await log.TrainAsync(profile, "--to", Fleet.Time(5_000));
        Assert.Equal(0, (await Run.Of("promote", id, "--kafka", log.Address)).ExitCode);

        var same = await DriftAsync(profile, 10_000, 15_000);
        Assert.True(same.ExitCode == 0, same.People + same.Results);
        Assert.False(JsonDocument.Parse(same.LastLine).RootElement.GetProperty("drifted").GetBoolean());

        var moved = await DriftAsync(profile, 20_000, 25_000);
        Assert.Equal(3, moved.ExitCode);
        var report = JsonDocument.Parse(moved.LastLine).RootElement;
        Assert.Equal((id, 8), (report.GetProperty("model_id").GetString(), report.GetProperty("vehicles").GetInt32()));
        var lines = report.GetProperty("lines").EnumerateArray().ToDictionary(line => line.GetProperty("signal").GetString()!);
        Assert.True(lines[SignalCatalogue.Find(5)!.Path].GetProperty("drifted").GetBoolean());
        Assert.False(lines[SignalCatalogue.Find(2)!.Path].GetProperty("drifted").GetBoolean());
        // What the sensors do not expect shows in the scores too.
        Assert.True(lines["score"].GetProperty("drifted").GetBoolean());

        // A scheduled job: nothing to do in the first range, a new model in the second.
        var kept = await Run.Of("train", "--profile", profile, "--from", Fleet.Time(10_000), "--to", Fleet.Time(15_000), "--if-drifted", "--kafka", log.Address, "--effort", "quick", "--disturbances", "100", "--json");
        Assert.True(kept.ExitCode == 0, kept.People);
        Assert.Equal(JsonValueKind.Null, JsonDocument.Parse(kept.LastLine).RootElement.GetProperty("model_id").ValueKind);
        var trained = await Run.Of("train", "--profile", profile, "--from", Fleet.Time(20_000), "--to", Fleet.Time(25_000), "--if-drifted", "--kafka", log.Address, "--effort", "quick", "--disturbances", "100", "--json");
        Assert.True(trained.ExitCode == 0, trained.People);
        Assert.NotEqual(id, JsonDocument.Parse(trained.LastLine).RootElement.GetProperty("model_id").GetString());
    }

    [Fact]
    public async Task Too_little_telemetry_is_an_error_not_a_verdict()
    {
        var profile = TheLog.NewProfile();
        log.Write(Fleet.Drive(profile, vehicles: 4, batches: 60));
        var id = await log.TrainAsync(profile);
        var run = await Run.Of("drift", "--model", id, "--from", "2031-01-01", "--to", "2031-01-02", "--kafka", log.Address);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("too little", run.People, StringComparison.Ordinal);
        Assert.Equal(1, (await Run.Of("drift", "--profile", profile, "--from", "-1h", "--kafka", log.Address)).ExitCode);
    }

    [Fact]
    public void Measures_OfTheSameSample_AreZero()
    {
        var sample = Sample.Of(1, Enumerable.Range(0, 1000).Select(i => (float)i), 10);
        Assert.Equal(0, DriftMeasures.PopulationStability(sample, sample), 12);
        Assert.Equal(0, DriftMeasures.KolmogorovSmirnov(sample, sample), 12);
    }

    [Fact]
    public void Measures_OfSamplesApart_AreAsByHand()
    {
        var training = Sample.Of(1, Enumerable.Range(0, 100).Select(i => (float)i), 0);
        var now = Sample.Of(1, Enumerable.Range(50, 100).Select(i => (float)i), 0);
        Assert.Equal(0.5, DriftMeasures.KolmogorovSmirnov(training, now), 12);
        // Deciles of 10 each. Now: five are empty (half a value each), four have 10, and the last, which is open, has 60.
        var byHand = 5 * (0.005 - 0.1) * Math.Log(0.005 / 0.1) + (0.6 - 0.1) * Math.Log(0.6 / 0.1);
        Assert.Equal(byHand, DriftMeasures.PopulationStability(training, now), 9);
    }

    [Fact]
    public void Measures_OfAConstantThatMoved_AreLarge()
    {
        Sample training = Sample.Of(1, Enumerable.Repeat(5f, 100), 0), now = Sample.Of(1, Enumerable.Repeat(4f, 100), 0), up = Sample.Of(1, Enumerable.Repeat(6f, 100), 0);
        Assert.True(DriftMeasures.PopulationStability(training, up) > 1);
        Assert.True(DriftMeasures.PopulationStability(training, now) > 1);
        Assert.Equal(1, DriftMeasures.KolmogorovSmirnov(training, now));
        Assert.Equal(0, DriftMeasures.PopulationStability(training, training), 12);
    }

    [Fact]
    public void Measures_OfASensorThatFellSilent_AreLarge()
    {
        Sample training = Sample.Of(1, Enumerable.Range(0, 100).Select(i => (float)i), 0), now = new(1, [], 100);
        Assert.True(DriftMeasures.PopulationStability(training, now) > 1);
        Assert.Equal(1, DriftMeasures.KolmogorovSmirnov(training, now));
    }

    [Fact]
    public void Keep_OfManyValues_IsSmallAndNear()
    {
        var sample = Sample.Of(1, Enumerable.Range(0, 100_000).Select(i => MathF.Sqrt(i)), 50_000);
        var kept = Sample.Of(Distributions.Keep(sample));
        Assert.Equal(256, kept.Values.Length);
        Assert.InRange(DriftMeasures.KolmogorovSmirnov(kept, sample), 0, 0.005);
        Assert.InRange(kept.MissingShare, 0.33, 0.34);
    }

    private Task<Run> DriftAsync(string profile, int from, int to) =>
        Run.Of("drift", "--profile", profile, "--from", Fleet.Time(from), "--to", Fleet.Time(to), "--kafka", log.Address, "--json");
}
