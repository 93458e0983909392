using System.Diagnostics.Metrics;
using Confluent.Kafka;
using Google.Protobuf;
using Kappa.Iot.Contracts;
using Kappa.Iot.Detection;
using Kappa.Iot.Streaming;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Kappa.Iot.ScoringService.Tests;

/// <summary>When a promoted model takes a partition over: the past is given to it by the test.</summary>
public sealed class LiveTurnsTests(TestLog log)
{
    private const string Profile = LivePartition.Profile;

    [Fact]
    public async Task Reading_that_fails_is_begun_again_after_growing_pauses_while_the_model_before_goes_on()
    {
        using var live = await LivePartition.StartAsync(log);
        live.Score(20);
        live.Promote();
        live.Score(5);
        var pause = TimeSpan.FromSeconds(1);
        for (var failure = 0; failure < 5; failure++, pause *= 2)
        {
            Assert.True(live.Reader.Requests.TryRead(out var request), $"It is not begun again after {failure} failures.");
            request.Fail(new InvalidDataException("away"));
            live.Score(5);
            live.Time.Advance(pause - TimeSpan.FromMilliseconds(1));
            live.Score(5);
            Assert.False(live.Reader.Requests.TryRead(out _), $"After failure {failure + 1} it was begun again too early.");
            live.Time.Advance(TimeSpan.FromMilliseconds(1));
            live.Score(5);
        }

        live.Read();
        Assert.All(live.Scores, score => Assert.Equal("before", score.ModelId));
        var all = live.Scores.Count;
        live.Score(5);
        Assert.All(live.Scores.Skip(all), score => Assert.Equal("after", score.ModelId));
    }

    [Theory]
    [InlineData(-20)]
    [InlineData(20)]
    public async Task One_record_with_a_wrong_time_does_not_move_where_reading_begins(int years)
    {
        using var live = await LivePartition.StartAsync(log);
        live.Score(20);
        live.Promote();
        live.Score(15, first: TimeSpan.FromDays(365 * years));
        Assert.True(live.Reader.Requests.TryRead(out var request));
        var now = DateTimeOffset.FromUnixTimeMilliseconds(live.Records[^1].Message.Timestamp.UnixTimestampMs);
        Assert.InRange(request.Time!.Value, now - live.Reader.Back - TimeSpan.FromMinutes(2), now - live.Reader.Back);
    }

    [Fact]
    public async Task A_partition_that_is_left_wants_nothing_read_any_more()
    {
        using var live = await LivePartition.StartAsync(log);
        live.Score(20);
        live.Promote();
        live.Score(5);
        Assert.True(live.Reader.Requests.TryRead(out var request));
        Assert.False(request.WarmUp.Dropped.IsCancellationRequested);
        ((IPartitionProcessor)live.Scorer).Left();
        Assert.True(request.WarmUp.Dropped.IsCancellationRequested);
        Assert.Empty(live.Told.Warming());
    }

    [Fact]
    public async Task What_speaks_is_told_until_a_promoted_model_has_taken_over()
    {
        using var live = await LivePartition.StartAsync(log);
        live.Score(20);
        live.Promote();
        live.Score(5);
        Assert.Equal([(Profile, "before")], live.Told.Active(live.Models.Now));
        Assert.Equal([(Profile, "after", 1)], live.Told.Warming());
        live.Read();
        live.Score(5);
        Assert.Equal([(Profile, "after")], live.Told.Active(live.Models.Now));
        Assert.Empty(live.Told.Warming());
    }

    [Theory]
    [InlineData(60)] // a busy partition: in ten transactions come more than are kept at first
    [InlineData(300)] // a scorer that is behind
    public async Task However_much_comes_meanwhile_the_model_takes_over_and_no_transaction_waits_long(int each)
    {
        using var live = await LivePartition.StartAsync(log);
        live.Score(20);
        live.Promote();
        live.Score(5);
        var (readings, most) = (0, 0);
        for (var transaction = 0; live.Scores[^1].ModelId == "before"; transaction++)
        {
            Assert.True(transaction < 200, $"After {readings} readings and {live.Records.Count} records it has not taken over.");
            // Each reading takes as long as scoring ten transactions, however short it is.
            if (transaction % 10 == 9 && live.TryRead()) readings++;
            var before = live.After.Asked;
            live.Score(each);
            most = Math.Max(most, live.After.Asked - before);
        }

        Assert.InRange(most, 1, LiveTurns.TakenAtOnce + (2 * each)); // what is taken of what was kept, and then what is scored
        Assert.InRange(readings, 1, 8);
        Assert.Equal(Enumerable.Range(0, live.Scores.Count).Select(i => (long)i), live.Scores.Select(score => score.TelemetryOffset));
    }

    [Fact]
    [Trait("Invariant", "3")]
    public async Task A_model_that_cannot_score_the_batch_it_takes_over_with_tells_so_with_its_first_score_and_a_replay_is_the_same()
    {
        using var live = await LivePartition.StartAsync(log, breaks: offset => offset is >= 30 and < 33);
        live.Score(20);
        live.Promote();
        live.Score(5);
        live.Read();
        live.Score(5);
        Assert.Equal("after", live.Scores[^1].ModelId);
        var over = live.Scores.First(score => score.ModelId == "after");
        Assert.Equal((25L, 0L, false), (over.TelemetryOffset, over.WarmedFrom, over.HasBegunAt)); // it is scored: as ever

        using var broken = await LivePartition.StartAsync(log, breaks: offset => offset is >= 30 and < 33);
        broken.Score(20);
        broken.Promote();
        broken.Score(10);
        broken.Read();
        broken.Score(2);
        broken.Score(40);
        var first = broken.Scores.First(score => score.ModelId == "after");
        Assert.Equal((33L, 0L, 30L), (first.TelemetryOffset, first.WarmedFrom, first.BegunAt));
        Assert.Single(broken.Scores, score => score.HasWarmedFrom || score.HasBegunAt);

        // What a replay makes of the scores alone.
        var spans = new LiveSpans(new OffsetRange { From = 0, To = broken.Records.Count });
        foreach (var score in broken.Scores) spans.Take(score);
        var span = spans.Active[^1];
        Assert.Equal((30L, 0L), (span.FromOffset, span.WarmedFrom));
        foreach (var cut in (int[])[0, 25, 30, 31, 32, 33, 34])
        {
            var replayed = await ReplayAsync(broken, span, cut);
            Assert.Equal(broken.Scores.Select(score => score.ToByteString()), replayed);
        }
    }

    /// <summary>The same records once more, by a plan that says where the second model takes over; where cut, by another scorer that restores what the first left.</summary>
    private async Task<List<ByteString>> ReplayAsync(LivePartition live, ModelSpan over, int cut)
    {
        var scenario = await Scenario.CreateAsync(log, 1);
        var scoring = await scenario.CreateScoringAsync("cut");
        log.Copy(scenario.Telemetry, live.Records);
        var records = await log.ReadAsync(scenario.Telemetry);
        var warming = new PlannedWarmUp(Profile, live.After, over.WarmedFrom, over.FromOffset);
        var models = new GivenModels(Profile, live.Before, live.After) { Plan = [(0, 0, warming), (over.FromOffset, 1, null)] };
        var topics = new ScoringTopics { Telemetry = scenario.Telemetry, Scores = scoring.Scores, Alerts = scoring.Alerts, State = scoring.State, DeadLetter = scoring.DeadLetters, FleetMinutes = "" };
        await using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var restore = new StateRestore(
            Options.Create(log.Kafka), Options.Create(new ScoringOptions { Topics = topics, SnapshotEvery = 1000 }), models, new ScoringMetrics(services.GetRequiredService<IMeterFactory>()),
            TimeProvider.System, NullLogger<StateRestore>.Instance, NullLogger<PartitionScorer>.Instance,
            new ReplayScope(new Dictionary<int, OffsetRange> { [0] = new OffsetRange { To = records.Count } }, 0, long.MaxValue));
        var (partition, scores, from) = (new TopicPartition(scenario.Telemetry, 0), new List<ByteString>(), 0);
        using var producer = new ProducerBuilder<byte[], byte[]>(new ProducerConfig(log.Kafka.ToClientConfig("test"))).Build();
        foreach (var to in (int[])[.. cut > 0 ? [cut] : Array.Empty<int>(), records.Count])
        {
            var output = new TransactionOutput();
            var processor = (await restore.RestoreAsync(new Dictionary<TopicPartition, long> { [partition] = from }, TestContext.Current.CancellationToken))[partition];
            processor.Process(records.GetRange(from, to - from), output);
            foreach (var (target, message) in output.Records)
            {
                if (target.Topic == scoring.State) producer.Produce(target, message);
                else if (target.Topic == scoring.Scores) scores.Add(ByteString.CopyFrom(message.Value));
            }

            producer.Flush(TestContext.Current.CancellationToken);
            from = to;
        }

        return scores;
    }
}
