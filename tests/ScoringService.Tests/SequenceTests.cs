using Kappa.Iot.Contracts;

namespace Kappa.Iot.ScoringService.Tests;

/// <summary>What a vehicle sends twice, late, or wrongly.</summary>
public sealed class SequenceTests(TestLog log)
{
    private const int Vehicles = 10;

    [Fact]
    [Trait("Invariant", "7")]
    public async Task Duplicates_and_late_batches_leave_the_scores_and_alerts_of_telemetry_without_them()
    {
        var (clean, disturbed) = (await Scenario.CreateAsync(log), await Scenario.CreateAsync(log));
        var model = await log.PromoteAsync(clean.Name);
        var fleet = new Fleet(clean.Name, Vehicles, seed: 2, faults: true);
        var batches = fleet.Batches(40).Concat(fleet.Batches(40, from: 41, boot: 2)).ToList();
        log.Write(clean.Telemetry, batches);
        log.Write(disturbed.Telemetry, batches.SelectMany((batch, i) => (TelemetryBatch[])
        [
            batch,
            .. i % 3 == 0 ? [batch] : Array.Empty<TelemetryBatch>(), // at once again
            .. i >= 100 && i % 7 == 0 ? [batches[i - 100]] : Array.Empty<TelemetryBatch>(), // long after, some of them from before the reboot
        ]));

        var (scores, alerts) = await ScoreAsync(clean, clean.Name, batches.Count);
        var (scoresDisturbed, alertsDisturbed) = await ScoreAsync(disturbed, clean.Name, batches.Count);

        Assert.Equal(scores.Select(WithoutOffset), scoresDisturbed.Select(WithoutOffset));
        Assert.NotEmpty(alerts);
        Assert.Equal(alerts.Select(WithoutOffsets), alertsDisturbed.Select(WithoutOffsets));
        Assert.All(scores, s => Assert.Equal(model, s.ModelId));
    }

    [Fact]
    public async Task Poisoned_records_are_dead_lettered_with_their_position_and_everything_else_is_scored()
    {
        var scenario = await Scenario.CreateAsync(log);
        await log.PromoteAsync(scenario.Name);
        var fleet = new Fleet(scenario.Name, Vehicles, seed: 3);
        var scoring = await scenario.CreateScoringAsync("live");
        var foreign = new Fleet(scenario.Name, 1, seed: 4).Batch(0, 1);

        log.Write(scenario.Telemetry, fleet.Batches(20));
        log.WriteRaw(scenario.Telemetry, 0, "CAR-3-0000"u8.ToArray(), [0xff, 0xff, 0xff, 0x07]);
        log.WriteRaw(scenario.Telemetry, 1, null, null);
        log.WriteRaw(scenario.Telemetry, 2, "CAR-3-0001"u8.ToArray(), Google.Protobuf.MessageExtensions.ToByteArray(foreign));
        log.Write(scenario.Telemetry, fleet.Batches(20, from: 21));
        await using (var scorer = scoring.Start())
        {
            await scoring.WaitForScoresAsync(Vehicles * 40, scorer);
            await scorer.StopAsync();
            // Who watches the scorer finds what it says of records under its own name.
            Assert.Contains(scorer.Output.Split('\n'), line => line.Contains("goes to the dead letters", StringComparison.Ordinal) && line.Contains("ScoringService.PartitionScorer[", StringComparison.Ordinal));
        }

        Assert.Equal(Vehicles * 40, (await scoring.ReadScoresAsync()).Count);
        var dead = (await log.ReadAsync(scoring.DeadLetters)).Select(r => (Header(r, DeadLetterHeaders.Reason), Header(r, DeadLetterHeaders.Position).Split('@')[0])).Order();
        Assert.Equal([("Empty", $"{scenario.Telemetry}/1"), ("Unreadable", $"{scenario.Telemetry}/0"), ("WrongVehicle", $"{scenario.Telemetry}/2")], dead);
    }

    /// <summary>The gateway lets none of them through; others may write to the log too.</summary>
    [Fact]
    public async Task A_batch_of_a_time_that_the_log_would_not_take_for_its_score_holds_nobody_up()
    {
        var scenario = await Scenario.CreateAsync(log);
        await log.PromoteAsync(scenario.Name);
        var fleet = new Fleet(scenario.Name, Vehicles, seed: 5);
        var scoring = await scenario.CreateScoringAsync("live");
        var strange = new Fleet(scenario.Name, 1, seed: 6).Batch(0, 1);
        strange.StartTimeMs = DateTimeOffset.UtcNow.AddDays(400).ToUnixTimeMilliseconds();
        log.Write(scenario.Telemetry, fleet.Batches(5));
        log.WriteRaw(scenario.Telemetry, 0, System.Text.Encoding.ASCII.GetBytes(strange.Vin), Google.Protobuf.MessageExtensions.ToByteArray(strange));
        log.Write(scenario.Telemetry, fleet.Batches(5, from: 6));

        await using var scorer = scoring.Start();
        await scoring.WaitForScoresAsync((Vehicles * 10) + 1, scorer);
        await scorer.StopAsync();

        Assert.Single(await scoring.ReadScoresAsync(), score => score.Score.StartTimeMs == strange.StartTimeMs);
    }

    private static string Header(Confluent.Kafka.ConsumeResult<byte[], byte[]> record, string name) =>
        System.Text.Encoding.UTF8.GetString(record.Message.Headers.GetLastBytes(name));

    private static async Task<(List<Score> Scores, List<Alert> Alerts)> ScoreAsync(Scenario scenario, string profile, int expected)
    {
        var scoring = await scenario.CreateScoringAsync("live");
        await using var scorer = scoring.Start("one", $"--Models:WaitFor={profile}");
        await scoring.WaitForScoresAsync(expected, scorer);
        await scorer.StopAsync();
        var scores = (await scoring.ReadScoresAsync()).Select(s => s.Score).ToList();
        Assert.Equal(expected, scores.Count);
        return (scores, [.. (await scoring.ReadAlertsAsync()).Select(a => a.Alert)]);
    }

    private static Score WithoutOffset(Score score)
    {
        var copy = score.Clone();
        copy.TelemetryOffset = 0;
        return copy;
    }

    private static Alert WithoutOffsets(Alert alert)
    {
        var copy = alert.Clone();
        copy.FirstOffset = copy.LastOffset = 0;
        copy.AlertId = ""; // is made of the offset where it began
        return copy;
    }
}
