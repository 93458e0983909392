using System.Globalization;
using Google.Protobuf;
using Kappa.Iot.Contracts;

namespace Kappa.Iot.ScoringService.Tests;

/// <summary>A profile's first model scores what came before it, by scorers that are killed, beside a profile that has a model.</summary>
public sealed class RewindKillTests(TestLog log)
{
    private const int Vehicles = 40, Before = 500, After = 60, Partitions = 2;

    [Fact]
    [Trait("Invariant", "1")]
    [Trait("Invariant", "2")]
    [Trait("Invariant", "3")]
    [Trait("Invariant", "5")]
    public async Task What_came_before_a_profiles_first_model_is_scored_once_as_if_it_had_been_there_whoever_is_killed_meanwhile()
    {
        var scenario = await Scenario.CreateAsync(log, Partitions);
        var known = $"{scenario.Name}-known";
        await log.PromoteAsync(known);
        var (fleet, others) = (new Fleet(scenario.Name, Vehicles, seed: 61, faults: true), new Fleet(known, 5, seed: 62, faults: true));
        var live = await scenario.CreateScoringAsync("live");
        string[] settings = [$"--Models:WaitFor={known}", "--Scoring:MaxWait=00:00:00.050", "--Scoring:SnapshotEvery=10"];
        var written = 0;
        var one = live.Start("one", settings);
        var two = live.Start("two", settings);
        try
        {
            var model = await log.PublishAsync(scenario.Name);
            Write(Before / 2);
            await log.TryAsync(model); // its scores as one on trial must not be taken for those that count
            Write(Before / 2);
            await WaitAsync(scores => scores.Count(s => s.Profile == known) == 5 * written && scores.Any(s => s.Shadow));
            Assert.DoesNotContain(await ScoresAsync(live), score => score.Profile == scenario.Name && !score.Shadow);

            // Nothing comes any more: all that is scored from here on came before the model.
            await log.PromoteIdAsync(model);
            one = await KillAsync(one, "one");
            two = await KillAsync(two, "two");
            Assert.InRange(Rewound(await ScoresAsync(live)), 1, (Vehicles * Before) - 1); // both were killed in the middle of it
            await WaitAsync(scores => Rewound(scores) == Vehicles * Before);

            // It takes over with the next batch; what it then knows of each vehicle must survive a kill.
            Write(2);
            await WaitAsync(scores => Rewound(scores) == Vehicles * written);
            await one.KillAsync();
            await one.DisposeAsync();
            await two.KillAsync();
            await two.DisposeAsync();
            (one, two) = (live.Start("one", settings), live.Start("two", settings));
            Write(After);
            await WaitAsync(scores => Rewound(scores) == Vehicles * written && scores.Count(s => s.Profile == known) == 5 * written);
            await one.StopAsync();
            await two.StopAsync();
        }
        finally
        {
            await one.DisposeAsync();
            await two.DisposeAsync();
        }

        // Another scorer, that finds the model there when it begins.
        var always = await scenario.CreateScoringAsync("always");
        await using (var undisturbed = always.Start("one", $"--Models:WaitFor={known},{scenario.Name}"))
        {
            await always.WaitForScoresAsync((Vehicles + 5) * written, undisturbed);
            await undisturbed.StopAsync();
        }

        Assert.Equal(await BytesAsync(always), await BytesAsync(live));
        var alerts = await AlertsAsync(always);
        Assert.Contains(alerts, alert => alert.Contains(fleet.Vin(0), StringComparison.Ordinal));
        Assert.Equal(alerts, await AlertsAsync(live));

        // And one that finds out from the scores which model scored what.
        await using (var again = live.Command(null, "reprocess", "--code", "--from", "2025-10-09T08:00:00Z", "--generation", "again")) await again.WaitAsync();
        Assert.Equal(await BytesAsync(live), await BytesAsync(live.Of("again")));
        Assert.Equal(alerts, await AlertsAsync(live.Of("again")));
        Assert.Equal(await TrialsAsync(live), await TrialsAsync(live.Of("again")));

        // Once something of what came before is committed.
        async Task<ScorerProcess> KillAsync(ScorerProcess scorer, string instance)
        {
            var until = DateTime.UtcNow.AddMinutes(5);
            while (!scorer.Output.Contains($"Alert: vehicle {fleet.Vin(0)[..6]}", StringComparison.Ordinal))
            {
                Assert.True(DateTime.UtcNow < until, $"It raises no alerts.\n{scorer.Tail}");
                await Task.Delay(20, TestContext.Current.CancellationToken);
            }

            await scorer.KillAsync();
            await scorer.DisposeAsync();
            return live.Start(instance, settings);
        }

        int Rewound(List<Score> scores) => scores.Count(score => score.Profile == scenario.Name && !score.Shadow);

        void Write(int batches)
        {
            log.Write(scenario.Telemetry, fleet.Batches(batches, from: written + 1).Concat(others.Batches(batches, from: written + 1)));
            written += batches;
        }

        async Task WaitAsync(Predicate<List<Score>> there)
        {
            var until = DateTime.UtcNow.AddMinutes(5);
            while (await ScoresAsync(live) is var scores && !there(scores))
            {
                Assert.True(DateTime.UtcNow < until, string.Create(CultureInfo.InvariantCulture, $"Of {written} batches a vehicle there are {scores.Count} scores, {Rewound(scores)} of them of what came before the model.\n{one.Tail}\n{two.Tail}"));
                Assert.False(one.HasExited || two.HasExited, $"One ended.\n{one.Tail}\n{two.Tail}");
                await Task.Delay(500, TestContext.Current.CancellationToken);
            }
        }
    }

    private static async Task<List<Score>> ScoresAsync(Scoring scoring) => [.. (await scoring.ReadScoresAsync()).Select(s => s.Score)];

    /// <summary>The scores that count, in the order of what they are about: what came before the model is scored later.</summary>
    private static async Task<List<string>> BytesAsync(Scoring scoring) => await BytesAsync(scoring, shadow: false);

    private static async Task<List<string>> TrialsAsync(Scoring scoring) => await BytesAsync(scoring, shadow: true);

    private static async Task<List<string>> BytesAsync(Scoring scoring, bool shadow) => [.. (await scoring.ReadScoresAsync())
        .Where(s => s.Score.Shadow == shadow).OrderBy(s => s.Partition).ThenBy(s => s.Score.TelemetryOffset)
        .Select(s => string.Create(CultureInfo.InvariantCulture, $"{s.Partition} {s.Score.TelemetryOffset} {Convert.ToHexString(s.Score.ToByteArray())}"))];

    private static async Task<List<string>> AlertsAsync(Scoring scoring) => [.. (await scoring.ReadAlertsAsync())
        .GroupBy(a => (a.Partition, a.Alert.Vin)).OrderBy(vehicle => vehicle.Key.Partition).ThenBy(vehicle => vehicle.Key.Vin, StringComparer.Ordinal)
        .SelectMany(vehicle => vehicle.Select(a => string.Create(CultureInfo.InvariantCulture, $"{a.Partition} {a.Alert}")))];
}
