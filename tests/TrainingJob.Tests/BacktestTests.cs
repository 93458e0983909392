using System.Text.Json;
using Kappa.Iot.Contracts;
using Kappa.Iot.Detection;
using Kappa.Iot.Streaming.Models;
using Kappa.Iot.TrainingJob.Backtests;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kappa.Iot.TrainingJob.Tests;

public sealed class BacktestTests(TheLog log)
{
    [Fact]
    [Trait("Invariant", "4")]
    public async Task A_backtest_says_what_the_production_code_would_have_done()
    {
        var profile = TheLog.NewProfile();
        var batches = Fleet.Drive(profile, vehicles: 4, batches: 120).ToList();
        log.Write(batches);
        var active = await log.TrainAsync(profile);
        var eager = await log.PublishWithThresholdAsync(active, threshold: -1_000);
        Assert.Equal(0, (await Run.Of("promote", active, "--kafka", log.Address)).ExitCode);

        var run = await Run.Of("backtest", "--model", eager, "--from", Fleet.Time(0), "--to", Fleet.Time(1200), "--kafka", log.Address, "--json");
        Assert.True(run.ExitCode == 0, run.People);
        var report = JsonDocument.Parse(run.LastLine).RootElement;
        Assert.Equal((480, 4), (report.GetProperty("batches").GetInt32(), report.GetProperty("vehicles").GetInt32()));

        // The same by hand: the fold that the scorer runs, vehicle by vehicle.
        var registry = new ModelRegistry(log.Kafka, NullLogger.Instance);
        var expected = await AlertsAsync(registry, eager, batches);
        Assert.NotEqual(0, expected);
        Assert.Equal(expected, report.GetProperty("candidate").GetProperty("alerts").GetInt32());
        Assert.Equal(await AlertsAsync(registry, active, batches), report.GetProperty("against").GetProperty("alerts").GetInt32());
        Assert.Equal(expected, report.GetProperty("gained").GetInt32() + report.GetProperty("earlier").GetInt32() + report.GetProperty("later").GetInt32() + report.GetProperty("same_time").GetInt32());
        Assert.True(report.GetProperty("scores").GetProperty("mean").GetDouble() > 0.5);
        Assert.True(report.GetProperty("candidate").GetProperty("us_per_batch").GetDouble() > 0);

        var table = await Run.Of("backtest", "--model", eager, "--from", Fleet.Time(0), "--to", Fleet.Time(1200), "--kafka", log.Address);
        Assert.Contains("gained", table.Results, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_range_without_telemetry_is_an_error()
    {
        var profile = TheLog.NewProfile();
        log.Write(Fleet.Drive(profile, vehicles: 3, batches: 60));
        var one = await log.TrainAsync(profile);
        var other = await log.PublishWithThresholdAsync(one, threshold: 5);
        var run = await Run.Of("backtest", "--model", other, "--against", one, "--from", "2031-01-01", "--to", "2031-01-02", "--kafka", log.Address);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("no telemetry", run.People, StringComparison.Ordinal);

        var alone = await Run.Of("backtest", "--model", other, "--from", "-1h", "--kafka", log.Address);
        Assert.Equal(1, alone.ExitCode);
        Assert.Contains("no active model", alone.People, StringComparison.Ordinal);
    }

    [Fact]
    public void Pair_OverlappingEpisodes_AreMatchedOnceAndByType()
    {
        Alert a = Episode("v", AlertType.Engine, 100, 500), b = Episode("v", AlertType.Fuel, 90, 400), c = Episode("v", AlertType.Engine, 160, 300);
        Alert lost = Episode("v", AlertType.Engine, 900, 950), gained = Episode("w", AlertType.Engine, 100, 500);
        var matches = AlertMatch.Pair([a, gained], [b, c, lost]);
        Assert.Contains(new AlertMatch(a, c), matches);
        Assert.Equal(TimeSpan.FromMilliseconds(-60), matches.Single(match => match.Candidate == a).Later);
        Assert.Contains(new AlertMatch(gained, null), matches);
        Assert.Contains(new AlertMatch(null, b), matches);
        Assert.Contains(new AlertMatch(null, lost), matches);
        Assert.Equal(4, matches.Count);
    }

    [Fact]
    public void Pair_OpenEpisode_OverlapsWhateverComesAfter()
    {
        var open = Episode("v", AlertType.Engine, 100, null);
        var later = Episode("v", AlertType.Cooling, 10_000, 20_000);
        Assert.Equal([new AlertMatch(open, later)], AlertMatch.Pair([open], [later]));
    }

    private static async Task<int> AlertsAsync(ModelRegistry registry, string modelId, IReadOnlyList<TelemetryBatch> batches)
    {
        var detector = ModelArtifact.Load(modelId, await registry.ReadArtifactAsync(modelId, TestContext.Current.CancellationToken));
        return batches.GroupBy(batch => batch.Vin).Sum(vehicle =>
        {
            var fold = new VehicleFold(vehicle.Key);
            return vehicle.SelectMany((batch, offset) => fold.Apply(detector, batch, 0, offset).Alerts).Select(alert => alert.AlertId).Distinct().Count();
        });
    }

    private static Alert Episode(string vin, AlertType type, long raised, long? cleared) => new()
    {
        Vin = vin,
        Type = type,
        RaisedAtMs = raised,
        Status = cleared is null ? AlertStatus.Active : AlertStatus.Cleared,
        ClearedAtMs = cleared ?? 0,
        AlertId = $"{vin}/{type}/{raised}",
    };
}
