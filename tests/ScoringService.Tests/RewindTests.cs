using Google.Protobuf;
using Kappa.Iot.Contracts;
using Kappa.Iot.Detection;
using Kappa.Iot.Streaming;

namespace Kappa.Iot.ScoringService.Tests;

/// <summary>A profile's first model scores what came before it, in one partition: the past is given to it by the test.</summary>
[Trait("Invariant", "3")]
public sealed class RewindTests(TestLog log)
{
    private const string Profile = LivePartition.Profile;

    [Theory]
    [InlineData(0, 7)] // nothing comes any more
    [InlineData(40, 40)] // telemetry goes on
    [InlineData(700, 700)] // and faster than what is taken of it at once
    public async Task The_first_model_scores_everything_that_came_before_it_as_if_it_had_always_been_there(int meanwhile, int each)
    {
        using var live = await LivePartition.StartAsync(log, isFirst: true);
        while (live.Records.Count < 10_000) live.Score(500);
        Assert.Empty(live.Scores);
        Assert.False(((IPartitionProcessor)live.Scorer).HasWork);

        live.Promote();
        while (meanwhile > 0 && live.Told.Active(ModelSet.Empty).All(model => model.Profile != Profile))
        {
            Assert.True(live.Records.Count < 200_000, $"After {live.Records.Count} records it scores nothing that comes.");
            live.Score(meanwhile);
            live.TryRead();
        }

        live.Idle();
        Assert.Equal(live.Records.Count, live.Scores.Count);
        live.Score(each); // from here on it is as ever
        Assert.False(((IPartitionProcessor)live.Scorer).HasWork);
        live.Score(each);

        Assert.Equal(Enumerable.Range(0, live.Records.Count).Select(offset => (long)offset), live.Scores.Select(score => score.TelemetryOffset));
        AssertAsAlways(live);
        Assert.NotEmpty(live.Alerts);
        Assert.InRange(live.Written.Max(), 1, LiveTurns.SaidAtOnce + LiveTurns.TakenAtOnce + (4 * Math.Max(500, meanwhile)));

        // A replay by the models that the scores name begins where this one says it began.
        var spans = new LiveSpans(new OffsetRange { To = live.Records.Count });
        foreach (var score in live.Scores) spans.Take(score);
        Assert.Equal((Profile, "after", 0L, false), Assert.Single(spans.Active.Select(span => (span.Profile, span.ModelId, span.FromOffset, span.HasWarmedFrom))));
    }

    [Fact]
    public async Task Batches_that_break_it_are_put_aside_and_its_first_score_says_where_it_began()
    {
        using var live = await LivePartition.StartAsync(log, breaks: offset => offset is 0 or 1 or 1_234, isFirst: true);
        while (live.Records.Count < 3_000) live.Score(500);
        live.Promote();
        live.Idle();
        live.Score(10);
        Assert.Equal(live.Records.Count - 3, live.Scores.Count);
        Assert.Equal(["telemetry/0@0", "telemetry/0@1", "telemetry/0@1234"], live.DeadLetters.Select(dead => System.Text.Encoding.UTF8.GetString(dead.Headers.GetLastBytes(DeadLetterHeaders.Position))));
        Assert.Equal((2L, 0L), (live.Scores[0].TelemetryOffset, live.Scores[0].BegunAt));
        Assert.Single(live.Scores, score => score.HasBegunAt);
        AssertAsAlways(live);
    }

    [Fact]
    public async Task Told_not_to_it_scores_what_comes_from_then_on()
    {
        using var live = await LivePartition.StartAsync(log, isFirst: true, rewind: false);
        live.Score(500);
        live.Promote();
        Assert.Equal(0, live.Idle());
        live.Score(100);
        Assert.Equal(Enumerable.Range(500, 100).Select(offset => (long)offset), live.Scores.Select(score => score.TelemetryOffset));
        Assert.False(live.Reader.Requests.TryRead(out _));
    }

    [Fact]
    public async Task A_model_that_was_there_before_its_vehicles_has_nothing_to_read()
    {
        using var live = await LivePartition.StartAsync(log, isFirst: true);
        live.Promote();
        Assert.Equal(0, live.Idle());
        live.Score(100);
        Assert.Equal(100, live.Scores.Count);
        Assert.False(live.Reader.Requests.TryRead(out _));
    }

    [Fact]
    public async Task Reading_that_fails_is_begun_again_after_a_pause_where_it_was_and_nothing_is_said_twice()
    {
        using var live = await LivePartition.StartAsync(log, isFirst: true);
        while (live.Records.Count < 10_000) live.Score(500);
        live.Promote();
        live.Score(10);
        live.Read();
        live.Score(10); // what the first piece said is written, and the second one asked for
        var said = live.Scores.Count;
        Assert.Equal(LiveTurns.SaidAtOnce, said);
        Assert.True(live.Reader.Requests.TryRead(out var request));
        request.Fail(new InvalidDataException("away"));
        live.Idle();
        Assert.Equal(said, live.Scores.Count);
        Assert.False(live.Reader.Requests.TryRead(out _)); // not before the pause is over
        live.Time.Advance(TimeSpan.FromSeconds(1));
        live.Idle();
        Assert.Equal(Enumerable.Range(0, live.Records.Count).Select(offset => (long)offset), live.Scores.Select(score => score.TelemetryOffset));
        AssertAsAlways(live);
    }

    [Fact]
    public async Task Another_one_promoted_meanwhile_takes_over_once_the_first_has_scored_everything()
    {
        using var live = await LivePartition.StartAsync(log, isFirst: true);
        while (live.Records.Count < 10_000) live.Score(500);
        live.Promote();
        live.Score(10);
        live.Read();
        live.Models.Now = GivenModels.Only(Profile, live.Before);
        live.Idle();
        for (var more = 0; live.Scores[^1].ModelId == "after"; more++)
        {
            Assert.True(more < 20, "The second one never takes over.");
            live.Score(10);
            live.TryRead();
        }

        Assert.Equal(Enumerable.Range(0, live.Records.Count).Select(offset => (long)offset), live.Scores.Select(score => score.TelemetryOffset));
        var over = live.Scores.FindIndex(score => score.ModelId == "before");
        Assert.InRange(over, 10_010, live.Scores.Count);
        Assert.All(live.Scores.Skip(over), score => Assert.Equal("before", score.ModelId));
    }

    /// <summary>Compares what was said with what the model says when each vehicle's batches are folded from the first one on.</summary>
    private static void AssertAsAlways(LivePartition live)
    {
        var folds = new Dictionary<string, VehicleFold>(StringComparer.Ordinal);
        var (scores, alerts) = (new List<ByteString>(), new List<Alert>());
        foreach (var record in live.Records)
        {
            var batch = TelemetryBatch.Parser.ParseFrom(record.Message.Value);
            if (!folds.TryGetValue(batch.Vin, out var fold)) folds.Add(batch.Vin, fold = new VehicleFold(batch.Vin));
            try
            {
                var result = fold.Apply(live.After, batch, 0, record.Offset);
                if (scores.Count == 0 && record.Offset > 0) result.Score!.BegunAt = 0;
                scores.Add(result.Score!.ToByteString());
                alerts.AddRange(result.Alerts);
            }
            catch (InvalidOperationException)
            {
                folds[batch.Vin] = new VehicleFold(batch.Vin);
            }
        }

        Assert.Equal(scores, live.Scores.Select(score => score.ToByteString()));
        Assert.Equal(alerts, live.Alerts.Select(alert => new Alert(alert) { WrittenAtMs = 0 }));
    }
}
