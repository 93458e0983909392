using Confluent.Kafka;
using Kappa.Iot.Contracts;

namespace Kappa.Iot.ScoringService.Tests;

/// <summary>What may happen around a profile's first model that scores what came before it.</summary>
[Trait("Invariant", "2")]
public sealed class RewindCasesTests(TestLog log)
{
    private const string Profile = LivePartition.Profile, Former = "former";

    [Fact]
    public async Task A_model_that_is_away_for_a_while_is_no_first_one_no_batch_is_scored_twice_and_no_alert_is_forgotten()
    {
        using var live = await LivePartition.StartAsync(log);
        while (live.Records.Count < 4_000) live.Score(500);
        var models = live.Models.Now;
        live.Models.Now = ModelSet.Empty; // after a restart it cannot be loaded
        live.Repeat();
        live.Score(500);
        live.Models.Now = models;
        live.Idle();
        while (live.Records.Count < 10_000) live.Score(495);
        var scored = live.Scores.ConvertAll(score => Sequence(live.Records[(int)score.TelemetryOffset]));
        Assert.Equal(scored.Distinct().Count(), scored.Count);
        AssertOneOpen(live);
    }

    private static void AssertOneOpen(LivePartition live)
    {
        var open = new Dictionary<(string, AlertType), string>();
        foreach (var alert in live.Alerts)
        {
            var key = (alert.Vin, alert.Type);
            if (alert.Status == AlertStatus.Cleared) Assert.True(open.Remove(key, out var id) && id == alert.AlertId);
            else if (!open.TryAdd(key, alert.AlertId)) Assert.Equal(open[key], alert.AlertId);
        }

        Assert.NotEmpty(live.Alerts);
    }

    private static (string, ulong, ulong) Sequence(ConsumeResult<byte[], byte[]> record)
    {
        var batch = TelemetryBatch.Parser.ParseFrom(record.Message.Value);
        return (batch.Vin, batch.BootId, batch.Sequence);
    }
}
