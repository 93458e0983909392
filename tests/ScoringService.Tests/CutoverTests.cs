using System.Globalization;
using System.Text;
using Kappa.Iot.Contracts;

namespace Kappa.Iot.ScoringService.Tests;

/// <summary>A generation takes the place of what was live.</summary>
public sealed class CutoverTests(TestLog log)
{
    private const int Vehicles = 20;
    private const int Batches = 120;
    private const string Beginning = "2025-10-09T08:00:00Z"; // before the fleet's first batch

    [Fact]
    [Trait("Invariant", "2")]
    public async Task A_cutover_that_is_killed_again_and_again_changes_all_alerts_at_once_or_none()
    {
        var scenario = await Scenario.CreateAsync(log);
        var model = await log.PromoteAsync(scenario.Name);
        log.Write(scenario.Telemetry, new Fleet(scenario.Name, Vehicles, seed: 61, faults: true).Batches(Batches));
        var live = await scenario.CreateScoringAsync("live");
        await using (var scorer = live.Start())
        {
            await live.WaitForScoresAsync(Vehicles * Batches, scorer);
            await scorer.StopAsync();
        }

        // In what is scored again nobody overheats: all alerts of the live run are to be taken back.
        var healthy = await log.CreateTopicAsync($"{scenario.Name}-healthy", scenario.Partitions);
        log.Write(healthy, new Fleet(scenario.Name, Vehicles, seed: 61).Batches(Batches));
        var generation = string.Create(CultureInfo.InvariantCulture, $"cool-{Guid.NewGuid():N}")[..16];
        await using (var early = live.Command(null, "cutover", generation)) Assert.Contains("There is no generation", await early.WaitAsync(exitCode: 1), StringComparison.Ordinal);
        await using (var reprocess = live.Command(healthy, "reprocess", "--model", model, "--from", Beginning, "--generation", generation)) await reprocess.WaitAsync();

        var before = await NewestAsync(live);
        var wanted = await NewestAsync(live.Of(generation));
        Assert.InRange(before.Count, 1, 1_000);
        Assert.NotEqual(before.Keys.Order(), wanted.Keys.Order());
        var random = new Random(3);
        var killed = 0;
        for (var attempt = 0; attempt < 6; attempt++)
        {
            await using var cutover = live.Command(null, "cutover", generation);
            await Task.Delay(attempt == 0 ? 500 : random.Next(500, 6_000), TestContext.Current.CancellationToken);
            if (cutover.HasExited) break;
            await cutover.KillAsync();
            killed++;
            var now = await NewestAsync(live);
            if (now.Keys.Order().SequenceEqual(before.Keys.Order())) continue;
            Assert.Equal(wanted.Keys.Order(), now.Keys.Order());
        }

        Assert.True(killed > 0, "It was never killed, so this showed little.");
        await using (var last = live.Command(null, "cutover", generation)) Assert.Contains("cut over", await last.WaitAsync(), StringComparison.Ordinal);
        Assert.Equal(wanted.Keys.Order(), (await NewestAsync(live)).Keys.Order());
        var records = (await log.ReadAsync(live.Alerts)).Count;
        await using (var again = live.Command(null, "cutover", generation)) Assert.Contains("cut over already", await again.WaitAsync(), StringComparison.Ordinal);
        Assert.Equal(records, (await log.ReadAsync(live.Alerts)).Count); // not written twice
        await using (var list = live.Command(null, "generations", "--json"))
            Assert.Contains("cut over", (await list.WaitAsync()).Split('\n').Single(line => line.Contains(generation, StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [Fact]
    public void Changes_WhatTheLiveScorerSaysOfLaterTimes_Stands()
    {
        var later = An("a", raised: 50, seen: 250);
        Assert.Empty(CutoverPlan.Changes(By(later), By(An("b", raised: 60, seen: 90)), 0, 200));
        Assert.Empty(CutoverPlan.Changes(By(An("a", raised: 50, seen: 60, cleared: 200)), By(), 0, 200));
    }

    [Fact]
    public void Changes_OfTheRange_AreTheGenerations()
    {
        var (old, other) = (An("a", raised: 50, seen: 60, cleared: 90), An("b", raised: 55, seen: 70, cleared: 95));
        Assert.Equal([("V/engine", (Alert?)null)], CutoverPlan.Changes(By(old), By(), 0, 200));
        Assert.Empty(CutoverPlan.Changes(By(old), By(), 51, 200)); // it began before the range
        Assert.Equal([("V/engine", (Alert?)other)], CutoverPlan.Changes(By(old), By(other), 0, 200));
        Assert.Equal([("V/engine", (Alert?)other)], CutoverPlan.Changes(By(), By(other), 0, 200));
        Assert.Empty(CutoverPlan.Changes(By(other), By(other), 0, 200));
    }

    [Fact]
    public void Changes_WhatTheGenerationLeftOpen_EndsWithTheRangeUnlessItIsOpenLive()
    {
        var open = An("a", raised: 50, seen: 60);
        var (_, written) = Assert.Single(CutoverPlan.Changes(By(), By(open), 0, 200));
        Assert.Equal((AlertStatus.Cleared, 200L), (written!.Status, written.ClearedAtMs));
        Assert.Empty(CutoverPlan.Changes(By(open), By(open), 0, 200));
    }

    private static Alert An(string id, long raised, long seen, long cleared = 0) => new()
    {
        AlertId = id,
        Vin = "V",
        Type = AlertType.Engine,
        RaisedAtMs = raised,
        LastSeenMs = seen,
        ClearedAtMs = cleared,
        Status = cleared > 0 ? AlertStatus.Cleared : AlertStatus.Active,
    };

    private static Dictionary<string, Alert> By(params Alert[] alerts) => alerts.ToDictionary(_ => "V/engine");

    /// <summary>What stands: the newest record of each key, where it is no tombstone.</summary>
    private async Task<Dictionary<string, byte[]>> NewestAsync(Scoring scoring)
    {
        var newest = new Dictionary<string, byte[]?>(StringComparer.Ordinal);
        foreach (var record in await log.ReadAsync(scoring.Alerts)) newest[Encoding.UTF8.GetString(record.Message.Key)] = record.Message.Value;
        return newest.Where(record => record.Value is not null).ToDictionary(record => record.Key, record => record.Value!);
    }
}
