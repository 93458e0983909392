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

    [Fact]
    [Trait("Invariant", "6")]
    public async Task Alerts_that_a_vehicle_has_from_its_former_profile_go_on()
    {
        var expected = await AlertsAsync(isThere: true);
        Assert.Contains(expected, alert => alert.ModelId == "before");
        Assert.Contains(expected, alert => alert.ModelId == "after");
        Assert.Equal(expected, await AlertsAsync(isThere: false));
    }

    [Fact]
    public async Task Reading_that_fails_is_begun_again_by_the_model_that_has_begun_whatever_is_promoted_meanwhile()
    {
        using var live = await LivePartition.StartAsync(log, isFirst: true);
        while (live.Records.Count < 10_000) live.Score(500);
        live.Promote();
        live.Score(10);
        live.Read();
        live.Score(10); // what the first piece said is written, and the second one asked for
        Assert.True(live.Reader.Requests.TryRead(out var request));
        request.Fail(new InvalidDataException("away"));
        live.Models.Now = GivenModels.Only(Profile, live.Before);
        live.Idle();
        live.Time.Advance(TimeSpan.FromSeconds(1));
        live.Idle();
        Assert.Equal(Enumerable.Range(0, live.Records.Count).Select(offset => (long)offset), live.Scores.Select(score => score.TelemetryOffset));
        Assert.All(live.Scores, score => Assert.Equal("after", score.ModelId));
    }

    [Fact]
    public async Task One_that_has_begun_says_all_also_where_rewinding_is_turned_off_meanwhile()
    {
        using var live = await LivePartition.StartAsync(log, isFirst: true, rewind: false);
        live.Score(500);
        // As if a scorer that is told to had said something of it.
        var unscored = Assert.Single(live.State.Unscored.All);
        (unscored.Model, unscored.ToOffset) = (new ModelSpan { Profile = Profile, ModelId = "after" }, 200);
        live.Promote();
        live.Idle();
        live.Score(10);
        Assert.Equal(Enumerable.Range(200, 310).Select(offset => (long)offset), live.Scores.Select(score => score.TelemetryOffset));
    }

    [Fact]
    public async Task However_much_of_it_the_log_has_deleted_a_model_says_something_of_so_many_offsets_at_a_time()
    {
        using var live = await LivePartition.StartAsync(log);
        var warmUp = new WarmUp(0, Profile, live.After) { SaysFrom = 1_000_000 };
        _ = live.Reader.RewindAsync(warmUp, from: 0, until: 3_000_000, most: 4_000);
        Assert.True(live.Reader.Requests.TryRead(out var request));
        request.StartAt(0);
        Assert.Equal((0, 1_004_000), (request.Next, request.Until));
        request.StartAt(900_000);
        Assert.Equal((900_000, 1_004_000), (request.Next, request.Until));
        request.StartAt(1_500_000);
        Assert.Equal((1_500_000, 1_504_000), (request.Next, request.Until));
    }

    [Fact]
    [Trait("Invariant", "3")]
    public async Task One_that_goes_on_for_a_model_that_is_lost_tells_with_its_first_score_from_where_it_had_read()
    {
        using var live = await LivePartition.StartAsync(log);
        var spans = new UnscoredSpans();
        spans.Note(Profile, 10);
        Say(live.Before, from: 10, offset: 12);
        Assert.False(Say(live.After, from: 10, offset: 50).HasBegunAt);
        var first = Say(live.Before, from: 10, offset: 70);
        Assert.Equal(10, first.WarmedFrom);
        Assert.False(Say(live.Before, from: 10, offset: 90).HasWarmedFrom);

        Score Say(Detection.IDetector model, long from, long offset)
        {
            var score = new Score { Profile = Profile, ModelId = model.ModelId, TelemetryOffset = offset };
            var record = new ConsumeResult<byte[], byte[]> { TopicPartitionOffset = new TopicPartitionOffset("telemetry", 0, offset) };
            spans.Reach(new WarmUp(0, Profile, model) { From = from, SaysFrom = from }, [new RewoundBatch("V", record, new(Detection.FoldOutcome.Scored, score, []), null)], offset + 1);
            return score;
        }
    }

    [Fact]
    [Trait("Invariant", "3")]
    public void The_last_batch_of_a_trial_stays_one_of_it_when_a_first_model_scores_it_later()
    {
        var spans = new LiveSpans(new OffsetRange { To = 100 });
        spans.Take(Trial(0));
        spans.Take(Trial(1));
        for (var offset = 0; offset < 4; offset++) spans.Take(new Score { Profile = Profile, ModelId = "first", TelemetryOffset = offset });
        spans.End();
        Assert.Equal([(0L, 1), (2L, 0)], spans.Shadows.Select(span => (span.FromOffset, span.ModelIds.Count)));
        Assert.Equal(("first", 0L), Assert.Single(spans.Active.Select(span => (span.ModelId, span.FromOffset))));

        static Score Trial(long offset) => new() { Profile = Profile, ModelId = "trial", TelemetryOffset = offset, Shadow = true };
    }

    [Fact]
    [Trait("Invariant", "8")]
    public void A_profile_with_a_name_that_no_gateway_lets_through_is_not_noted()
    {
        var spans = new UnscoredSpans();
        spans.Note(new string('x', 100_000), 0);
        spans.Note("", 1);
        spans.Note(Profile, 2);
        Assert.Equal((Profile, 2L), Assert.Single(spans.All.Select(span => (span.Profile, span.FromOffset))));
    }

    [Fact]
    [Trait("Invariant", "3")]
    public async Task One_that_could_score_nothing_of_what_came_before_it_says_with_its_first_score_where_it_began()
    {
        using var live = await LivePartition.StartAsync(log, breaks: offset => offset < 503, isFirst: true);
        live.Score(500);
        live.Promote();
        live.Idle();
        live.Score(20);
        Assert.Equal(503, live.DeadLetters.Count);
        Assert.Equal((503L, 0L), (live.Scores[0].TelemetryOffset, live.Scores[0].BegunAt));
        Assert.Single(live.Scores, score => score.HasBegunAt);
    }

    [Fact]
    public async Task A_gap_in_what_came_before_it_is_counted_once()
    {
        using var live = await LivePartition.StartAsync(log, isFirst: true);
        live.Score(500);
        live.Repeat(); // in place of what the vehicles would have sent
        live.Score(500);
        live.Promote();
        live.Idle();
        live.Score(10);
        live.Scorer.OnCommitted();
        Assert.Equal(1_010, live.Scores.Count);
        Assert.Equal(5, live.Missed);
    }

    /// <summary>Vehicles of a profile with a model become ones of another, whose model is there or comes later.</summary>
    private async Task<List<Alert>> AlertsAsync(bool isThere)
    {
        using var live = await LivePartition.StartAsync(log, isFirst: true);
        var both = GivenModels.Only(Former, live.Before) with { Active = ModelSet.Empty.Active.Add(Former, live.Before).Add(Profile, live.After) };
        live.Models.Now = isThere ? both : GivenModels.Only(Former, live.Before);
        do live.Score(100, profile: Former);
        while (!IsOpen(live));
        while (live.Records.Count < 10_000) live.Score(500);
        live.Models.Now = both;
        live.Idle();
        while (live.Records.Count < 12_000) live.Score(500);
        AssertOneOpen(live);
        return [.. live.Alerts.Select(alert => new Alert(alert) { WrittenAtMs = 0 }).OrderBy(alert => alert.Vin, StringComparer.Ordinal)];
    }

    private static bool IsOpen(LivePartition live) =>
        live.Alerts.GroupBy(alert => (alert.Vin, alert.Type)).Any(alerts => alerts.Last().Status == AlertStatus.Active);

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
