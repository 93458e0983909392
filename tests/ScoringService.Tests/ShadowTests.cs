using System.Globalization;
using Kappa.Iot.Contracts;
using Kappa.Iot.Detection;

namespace Kappa.Iot.ScoringService.Tests;

/// <summary>Models on trial.</summary>
public sealed class ShadowTests(TestLog log)
{
    private const int Vehicles = 10;
    private static readonly string[] Busy = ["--Scoring:MaxBatch=40", "--Scoring:MaxWait=00:00:00.050", "--Scoring:SnapshotEvery=4"];

    [Fact]
    [Trait("Invariant", "3")]
    [Trait("Invariant", "5")]
    public async Task Models_on_trial_score_beside_the_active_one_raise_nothing_and_are_warm_when_they_are_promoted()
    {
        var scenario = await Scenario.CreateAsync(log);
        var first = await log.PromoteAsync(scenario.Name);
        var (second, third) = (await log.PublishAsync(scenario.Name), await log.PublishAsync(scenario.Name));
        await log.TryAsync(second);
        await log.TryAsync(third);
        var fleet = new Fleet(scenario.Name, Vehicles, seed: 51, faults: true);
        var live = await scenario.CreateScoringAsync("live");
        await using (var scorer = live.Start("one", Busy))
        {
            log.Write(scenario.Telemetry, fleet.Batches(45));
            await live.WaitForScoresAsync(Vehicles * 45 * 3, scorer);
            await scorer.KillAsync();
        }

        var written = 45;
        await using (var scorer = live.Start("one", Busy))
        {
            // In the middle of the overheating: what begins anew here would miss the episode's end.
            await log.PromoteIdAsync(second);
            while ((await live.ReadScoresAsync()).All(s => s.Score.Shadow || s.Score.ModelId == first))
            {
                Assert.True(written < 400, $"The model {second} is not used.\n{scorer.Tail}");
                log.Write(scenario.Telemetry, fleet.Batches(1, from: ++written));
                await Task.Delay(200, TestContext.Current.CancellationToken);
            }

            for (; written < 70 || written % 10 != 0; written++) log.Write(scenario.Telemetry, fleet.Batches(1, from: written + 1));
            while ((await live.ReadScoresAsync()).Count(s => !s.Score.Shadow) < Vehicles * written)
            {
                Assert.False(scorer.HasExited, scorer.Tail);
                await Task.Delay(200, TestContext.Current.CancellationToken);
            }

            await scorer.StopAsync();
        }

        var scores = (await live.ReadScoresAsync()).Select(s => s.Score).ToList();
        // All models are the same, so the trial says what the active model says, and the promoted one goes on as if it had always been active.
        var active = scores.Where(s => !s.Shadow).ToDictionary(s => (s.Vin, s.Sequence));
        Assert.Equal(Vehicles * written, active.Count);
        Assert.Equal([first, second], scores.Where(s => !s.Shadow && s.Vin == fleet.Vin(0)).Select(s => s.ModelId).Distinct());
        var trials = scores.Where(s => s.Shadow).ToList();
        Assert.Equal(Vehicles * written, trials.Count(s => s.ModelId == third));
        Assert.Equal(active.Values.Count(s => s.ModelId == first), trials.Count(s => s.ModelId == second));
        Assert.All(trials, trial => Assert.Equal(Plain(active[(trial.Vin, trial.Sequence)]), Plain(trial)));

        var (expected, alerts) = FoldByOne(fleet, first, written, active);
        Assert.All(expected, score => Assert.Equal(Plain(score), Plain(active[(score.Vin, score.Sequence)])));
        Assert.InRange(alerts, 1, 1_000);
        Assert.Equal(alerts, (await live.ReadAlertsAsync()).Count); // none by those on trial

        var again = string.Create(CultureInfo.InvariantCulture, $"again-{Guid.NewGuid():N}")[..16];
        await using (var replay = live.Command(null, "reprocess", "--code", "--from", "2025-10-09T08:00:00Z", "--generation", again, "--batch", "33")) await replay.WaitAsync();
        Assert.Equal(await live.ReadScoreBytesAsync(), await live.Of(again).ReadScoreBytesAsync());
        Assert.Equal(await live.ReadAlertBytesAsync(), await live.Of(again).ReadAlertBytesAsync());
    }

    [Fact]
    public async Task A_model_that_cannot_be_loaded_leaves_those_before_in_place_and_is_told()
    {
        var scenario = await Scenario.CreateAsync(log);
        var (good, trial) = (await log.PromoteAsync(scenario.Name), await log.PublishAsync(scenario.Name));
        await log.TryAsync(trial);
        var fleet = new Fleet(scenario.Name, Vehicles, seed: 52);
        var live = await scenario.CreateScoringAsync("live");
        await using var scorer = live.Start("one", Busy);
        log.Write(scenario.Telemetry, fleet.Batches(5));
        await live.WaitForScoresAsync(Vehicles * 5 * 2, scorer);

        var (bad, badTrial) = (await log.PublishAsync(scenario.Name, [1, 2, 3]), await log.PublishAsync(scenario.Name, [4, 5, 6]));
        await log.PromoteIdAsync(bad);
        await log.TryAsync(badTrial);
        foreach (var model in (string[])[bad, badTrial])
        {
            for (var i = 0; i < 300 && !scorer.Output.Contains($"Model {model} of profile {scenario.Name} cannot be loaded", StringComparison.Ordinal); i++)
                await Task.Delay(100, TestContext.Current.CancellationToken);
            Assert.Contains($"Model {model} of profile {scenario.Name} cannot be loaded", scorer.Output, StringComparison.Ordinal);
        }

        log.Write(scenario.Telemetry, fleet.Batches(5, from: 6));
        await live.WaitForScoresAsync(Vehicles * 10 * 2, scorer);
        var address = scorer.Output.Split('\n').Select(line => line.Split("Now listening on: ")).First(parts => parts.Length == 2)[1].Trim();
        using var http = new HttpClient();
        var metrics = await http.GetStringAsync(new Uri($"{address}/metrics"), TestContext.Current.CancellationToken);
        Assert.Contains(metrics.Split('\n'), line => line.Contains("scoring_models_failed", StringComparison.Ordinal) && line.Contains(scenario.Name, StringComparison.Ordinal) && line.Contains(" 2", StringComparison.Ordinal));
        await scorer.StopAsync();

        var scores = (await live.ReadScoresAsync()).Select(s => s.Score).ToList();
        Assert.Equal(Vehicles * 10, scores.Count(s => !s.Shadow && s.ModelId == good));
        Assert.Equal(Vehicles * 10, scores.Count(s => s.Shadow && s.ModelId == trial));
    }

    /// <summary>What one model says of it all, and how many changes of alerts come of that.</summary>
    private static (List<Score> Scores, int Alerts) FoldByOne(Fleet fleet, string modelId, int batches, Dictionary<(string, ulong), Score> offsets)
    {
        var (detector, scores, alerts) = (TestLog.Load(modelId), new List<Score>(), 0);
        for (var vehicle = 0; vehicle < Vehicles; vehicle++)
        {
            var fold = new VehicleFold(fleet.Vin(vehicle));
            for (var sequence = 1; sequence <= batches; sequence++)
            {
                var result = fold.Apply(detector, fleet.Batch(vehicle, sequence), 0, offsets[(fleet.Vin(vehicle), (ulong)sequence)].TelemetryOffset);
                scores.Add(result.Score!);
                alerts += result.Alerts.Count;
            }
        }

        return (scores, alerts);
    }

    private static Score Plain(Score score)
    {
        var copy = score.Clone();
        copy.ModelId = "";
        copy.Shadow = false;
        return copy;
    }
}
