using Kappa.Iot.Contracts;

namespace Kappa.Iot.ScoringService.Tests;

/// <summary>Whatever happens to the scorers, their output is that of one that nothing happened to.</summary>
public sealed class ExactlyOnceTests(TestLog log)
{
    private const int Vehicles = 20;
    private const int Batches = 150;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    [Trait("Invariant", "2")]
    [Trait("Invariant", "3")]
    [Trait("Invariant", "5")]
    [Trait("Invariant", "6")]
    public async Task Scorers_that_are_killed_and_joined_by_others_write_what_an_undisturbed_one_writes()
    {
        var scenario = await Scenario.CreateAsync(log);
        await log.PromoteAsync(scenario.Name);
        var fleet = new Fleet(scenario.Name, Vehicles, seed: 1, faults: true);
        var live = await scenario.CreateScoringAsync("live");

        // Small transactions and frequent snapshots: there is always something open when the process dies.
        string[] busy = ["--Scoring:MaxBatch=40", "--Scoring:MaxWait=00:00:00.050", "--Scoring:SnapshotEvery=4"];
        var random = new Random(7);
        var written = 0;
        for (var round = 0; round < 6; round++)
        {
            await using var one = live.Start("one", busy);
            await using var two = round % 2 == 1 ? live.Start("two", busy) : null;
            for (var i = 0; i < Batches / 6; i++)
            {
                log.Write(scenario.Telemetry, fleet.Batches(1, from: ++written));
                await Task.Delay(20, Cancel);
            }

            await Task.Delay(random.Next(1_000, 6_000), Cancel);
            await one.KillAsync();
            if (two is not null) await (round % 4 == 1 ? two.KillAsync() : two.StopAsync());
        }

        await using (var last = live.Start("one", busy))
        {
            await live.WaitForScoresAsync(Vehicles * Batches, last);
            await last.StopAsync();
            Assert.True(last.ExitCode == 0, $"It ended with {last.ExitCode}.\n{last.Tail}");
        }

        await AssertSameAsUndisturbedAsync(scenario, live, Vehicles * Batches);
    }

    /// <summary>Scores the scenario once more, by one scorer that is left alone, and compares.</summary>
    internal static async Task AssertSameAsUndisturbedAsync(Scenario scenario, Scoring live, int expected)
    {
        var replay = await scenario.CreateScoringAsync("replay");
        await using (var undisturbed = replay.Start())
        {
            await replay.WaitForScoresAsync(expected, undisturbed);
            await undisturbed.StopAsync();
        }

        var scores = await replay.ReadScoresAsync();
        Assert.Equal(expected, scores.Count);
        Assert.Equal(expected, scores.Select(s => (s.Score.Vin, s.Score.Sequence)).Distinct().Count());
        Assert.Equal(scores, await live.ReadScoresAsync());
        var alerts = await replay.ReadAlertsAsync();
        Assert.Contains(alerts, a => a.Alert.Status == AlertStatus.Active);
        Assert.Equal(alerts, await live.ReadAlertsAsync());
        AssertOneOpenAtATime(alerts);
    }

    /// <summary>Each change of a vehicle's alerts of one type belongs to the one that is open, or opens one where none is.</summary>
    private static void AssertOneOpenAtATime(List<(int Partition, Alert Alert)> changes)
    {
        foreach (var episodes in changes.Select(c => c.Alert).GroupBy(a => (a.Vin, a.Type)))
        {
            var open = "";
            foreach (var change in episodes)
            {
                if (open.Length > 0) Assert.Equal(open, change.AlertId);
                open = change.Status == AlertStatus.Active ? change.AlertId : "";
            }
        }
    }
}
