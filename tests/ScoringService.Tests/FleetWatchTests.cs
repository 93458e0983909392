using Kappa.Iot.Contracts;

namespace Kappa.Iot.ScoringService.Tests;

/// <summary>The fleet as a whole, through the log.</summary>
public sealed class FleetWatchTests(TestLog log)
{
    private const int Vehicles = 40;
    private const int Batches = 6 * 46;

    [Fact]
    [Trait("Invariant", "2")]
    [Trait("Invariant", "5")]
    public async Task A_bad_firmware_is_one_alert_of_the_fleet_and_a_scorer_that_was_killed_tells_the_same_minutes()
    {
        var scenario = await Scenario.CreateAsync(log);
        await log.PromoteAsync(scenario.Name);
        log.Write(scenario.Telemetry, Telemetry(scenario.Name));
        var (killed, undisturbed) = (await WatchAsync(scenario, "killed", kill: true), await WatchAsync(scenario, "undisturbed", kill: false));

        Assert.Equal(undisturbed.Minutes, killed.Minutes);
        Assert.Equal(undisturbed.Alerts, killed.Alerts);
        var raised = Assert.Single(killed.Alerts, alert => alert.Status == AlertStatus.Active);
        Assert.Equal((FleetDimension.Firmware, "7", FleetMeasure.MeanScore), (raised.Dimension, raised.Value, raised.Measure));
        Assert.InRange(raised.Observed - raised.Expected, 0.1, 1);
    }

    /// <summary>From minute 36 on, the cars with firmware 7 overheat, or say so.</summary>
    private static IEnumerable<TelemetryBatch> Telemetry(string profile)
    {
        var fleet = new Fleet(profile, Vehicles, seed: 71);
        for (var sequence = 1; sequence <= Batches; sequence++)
        {
            for (var vehicle = 0; vehicle < Vehicles; vehicle++)
            {
                var batch = fleet.Batch(vehicle, sequence);
                var firmware = vehicle % 2 == 0 ? 6 : 7;
                if (firmware == 7 && sequence > 6 * 36)
                {
                    var coolant = batch.Columns.Single(column => column.Signal == 5).Values;
                    for (var i = 0; i < coolant.Count; i++) coolant[i] = 125;
                }

                batch.Columns.Add(new SignalColumn { Signal = 95, Values = { firmware } });
                yield return batch;
            }
        }
    }

    private async Task<(List<FleetMinute> Minutes, List<FleetAlert> Alerts)> WatchAsync(Scenario scenario, string name, bool kill)
    {
        var scoring = await scenario.CreateScoringAsync(name);
        var (minutes, alerts) = (await log.CreateTopicAsync($"{scenario.Name}-{name}-minutes", 1), await log.CreateTopicAsync($"{scenario.Name}-{name}-fleet-alerts", 1));
        string[] settings = [$"--Scoring:Topics:FleetMinutes={minutes}", $"--Scoring:Topics:FleetAlerts={alerts}", "--Scoring:SnapshotEvery=7", .. kill ? ["--Scoring:MaxBatch=171"] : Array.Empty<string>()];
        if (kill)
        {
            await using var first = scoring.Start("one", settings);
            await scoring.WaitForScoresAsync(Vehicles * Batches / 4, first);
            await first.KillAsync();
        }

        await using var scorer = scoring.Start("one", settings);
        await scoring.WaitForScoresAsync(Vehicles * Batches, scorer);
        for (var i = 0; i < 600 && !scorer.Output.Contains("Fleet alert: ", StringComparison.Ordinal); i++) await Task.Delay(100, TestContext.Current.CancellationToken);
        await scorer.StopAsync();
        return (
            [.. (await log.ReadAsync(minutes)).Select(record => FleetMinute.Parser.ParseFrom(record.Message.Value)).OrderBy(minute => minute.Partition)],
            [.. (await log.ReadAsync(alerts)).Select(record => FleetAlert.Parser.ParseFrom(record.Message.Value))]);
    }
}
