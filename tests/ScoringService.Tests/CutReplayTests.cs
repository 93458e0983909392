using System.Diagnostics.Metrics;
using Confluent.Kafka;
using Google.Protobuf;
using Kappa.Iot.Contracts;
using Kappa.Iot.Streaming;
using Kappa.Iot.Streaming.Models;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Kappa.Iot.ScoringService.Tests;

/// <summary>A replay across changes of models may be cut at any record and goes on as if it had not been: each part restores what the one before left.</summary>
public sealed class CutReplayTests(TestLog log)
{
    private const int Vehicles = 3, Batches = 60, End = Vehicles * Batches;
    private const int First = 60, Second = 90;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    [Trait("Invariant", "3")]
    public async Task A_model_that_had_read_along_and_then_one_from_its_trial()
    {
        var another = TestLog.TrainAnother();
        var replay = await PlanAsync(async profile =>
        {
            var (a, m, c) = (await log.PublishAsync(profile), await log.PublishAsync(profile, another), await log.PublishAsync(profile));
            return new PartitionModels
            {
                Spans = { Span(profile, a, 0), Span(profile, m, First, warmedFrom: 3), Span(profile, c, Second) },
                Shadows = { new ShadowSpan { Profile = profile, ModelIds = { c }, FromOffset = 0 }, new ShadowSpan { Profile = profile, FromOffset = Second } },
            };
        });
        await AssertSameAsync(replay, [[20], [First - 1], [First], [First + 1], [75], [Second], [100], [100, 120], [First, 100, 120]]);
    }

    [Fact]
    [Trait("Invariant", "3")]
    public async Task Two_models_that_had_read_along()
    {
        var another = TestLog.TrainAnother();
        var replay = await PlanAsync(async profile =>
        {
            var (a, m, c) = (await log.PublishAsync(profile), await log.PublishAsync(profile, another), await log.PublishAsync(profile));
            return new PartitionModels { Spans = { Span(profile, a, 0), Span(profile, m, First, warmedFrom: 3), Span(profile, c, Second, warmedFrom: 6) } };
        });
        await AssertSameAsync(replay, [[First - 1], [First], [First + 1], [Second], [100, 120], [First + 1, 100, 120], [100, 110, 120, 130]]);
    }

    [Fact]
    [Trait("Invariant", "3")]
    public async Task A_first_model_that_comes_from_its_trial()
    {
        const int Promoted = 95; // in the middle of a group of records that are folded together
        var replay = await PlanAsync(async profile =>
        {
            var m = await log.PublishAsync(profile);
            return new PartitionModels
            {
                Spans = { Span(profile, m, Promoted) },
                Shadows = { new ShadowSpan { Profile = profile, ModelIds = { m }, FromOffset = 0 }, new ShadowSpan { Profile = profile, FromOffset = Promoted } },
            };
        });
        await AssertSameAsync(replay, [[Promoted], [Promoted + 1], [100], [Promoted, 120]]);
    }

    [Fact]
    [Trait("Invariant", "3")]
    public void A_model_that_takes_a_profile_over_leaves_vehicles_of_other_profiles_alone()
    {
        Assert.Equal(ScoresOfTheOther(takesOver: false), ScoresOfTheOther(takesOver: true));

        static List<ByteString> ScoresOfTheOther(bool takesOver)
        {
            var (before, after, of) = (TestLog.Load("before"), TestLog.Load("after"), TestLog.Load("other"));
            var (fleet, other) = (new Fleet("P", 2, seed: 9), new Fleet("Q", 2, seed: 9));
            var state = new PartitionState(0, 1000);
            var group = new RecordGroup(state);
            if (takesOver) state.Begin(new WarmUp(0, "P", after, 60) { From = 0 });
            var (active, offset, scores) = (before, 0L, new List<ByteString>());
            for (var sequence = 1; sequence <= 60; sequence++)
            {
                for (var vehicle = 0; vehicle < 2; vehicle++, offset++)
                {
                    var batch = (vehicle == 1 && sequence >= 15 ? other : fleet).Batch(vehicle, sequence); // the second vehicle is of the other profile from then on
                    var turn = group.Read(new ConsumeResult<byte[], byte[]>
                    {
                        TopicPartitionOffset = new TopicPartitionOffset("telemetry", 0, offset),
                        Message = new Message<byte[], byte[]> { Key = System.Text.Encoding.ASCII.GetBytes(batch.Vin), Value = batch.ToByteArray() },
                    });
                    if (state.Warm(turn.Telemetry.Batch!, turn.Record) is not null) active = after;
                    state.Add(turn, batch.Profile == "Q" ? of : active, []);
                    group.Take();
                    if (batch.Profile == "Q") scores.Add(turn.Result.Score!.ToByteString());
                }
            }

            return scores;
        }
    }

    private static ModelSpan Span(string profile, string modelId, long from, long? warmedFrom = null)
    {
        var span = new ModelSpan { Profile = profile, ModelId = modelId, FromOffset = from };
        if (warmedFrom is { } reads) span.WarmedFrom = reads;
        return span;
    }

    private async Task<Func<int[], Task<List<ByteString>>>> PlanAsync(Func<string, Task<PartitionModels>> plan)
    {
        var scenario = await Scenario.CreateAsync(log, 1);
        log.Write(scenario.Telemetry, new Fleet(scenario.Name, Vehicles, seed: 5, faults: true).Batches(Batches));
        var models = await ReplayModels.LoadAsync(new ModelRegistry(log.Kafka, NullLogger.Instance), [await plan(scenario.Name)], Cancel);
        var records = await log.ReadAsync(scenario.Telemetry);
        Assert.Equal(End, records.Count);
        var scope = new ReplayScope(new Dictionary<int, OffsetRange> { [0] = new OffsetRange { Partition = 0, From = 0, To = End } }, 0, long.MaxValue);
        return cuts => ReplayAsync(scenario, models, records, scope, cuts);
    }

    /// <summary>Every part by a scorer of its own, which restores what the one before it stored.</summary>
    private async Task<List<ByteString>> ReplayAsync(Scenario scenario, ReplayModels models, IReadOnlyList<ConsumeResult<byte[], byte[]>> records, ReplayScope scope, int[] cuts)
    {
        var scoring = await scenario.CreateScoringAsync($"cut-{Guid.NewGuid():N}"[..12]);
        var topics = new ScoringTopics { Telemetry = scenario.Telemetry, Scores = scoring.Scores, Alerts = scoring.Alerts, State = scoring.State, DeadLetter = scoring.DeadLetters, FleetMinutes = "" };
        var options = Options.Create(new ScoringOptions { Topics = topics, SnapshotEvery = 1000 });
        await using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var restore = new StateRestore(
            Options.Create(log.Kafka), options, models, new ScoringMetrics(services.GetRequiredService<IMeterFactory>()), TimeProvider.System,
            NullLogger<StateRestore>.Instance, NullLogger<PartitionScorer>.Instance, scope);
        var (partition, scores, from) = (new TopicPartition(scenario.Telemetry, 0), new List<ByteString>(), 0);
        using var producer = new ProducerBuilder<byte[], byte[]>(new ProducerConfig(log.Kafka.ToClientConfig("test"))).Build();
        foreach (var to in cuts.Append(End))
        {
            var processor = (await restore.RestoreAsync(new Dictionary<TopicPartition, long> { [partition] = from }, Cancel))[partition];
            var output = new TransactionOutput();
            processor.Process([.. records.Skip(from).Take(to - from)], output);
            foreach (var (target, message) in output.Records)
            {
                if (target.Topic == scoring.State) producer.Produce(target, message);
                else if (target.Topic == scoring.Scores) scores.Add(ByteString.CopyFrom(message.Value));
            }

            producer.Flush(Cancel);
            from = to;
        }

        return scores;
    }

    private static async Task AssertSameAsync(Func<int[], Task<List<ByteString>>> replay, int[][] cuts)
    {
        var whole = await replay([]);
        Assert.True(whole.Count >= Vehicles, "Nothing was scored.");
        foreach (var at in cuts)
        {
            var parts = await replay(at);
            var different = whole.Zip(parts).Count(pair => pair.First != pair.Second);
            Assert.True(whole.Count == parts.Count && different == 0, $"Cut at {string.Join(", ", at)}: {parts.Count} scores instead of {whole.Count}, {different} of them are others.");
        }
    }
}
