using System.Diagnostics.Metrics;
using Confluent.Kafka;
using Google.Protobuf;
using Kappa.Iot.Contracts;
using Kappa.Iot.Detection;
using Kappa.Iot.Streaming;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Kappa.Iot.ScoringService.Tests;

/// <summary>Batches that break the detector, through the scorer's own consumer and restore; the detector is the test's, so it runs in this process.</summary>
public sealed class UnscorableTests(TestLog log)
{
    private const int Vehicles = 10, Batches = 60, Partitions = 2;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    [Trait("Invariant", "1")]
    [Trait("Invariant", "2")]
    [Trait("Invariant", "3")]
    public async Task A_batch_that_breaks_the_detector_is_dead_lettered_its_vehicle_starts_anew_and_all_else_is_as_it_would_be_live_and_replayed()
    {
        var scenario = await Scenario.CreateAsync(log, Partitions);
        var fleet = new Fleet(scenario.Name, Vehicles, seed: 81, faults: true);
        var model = await log.PublishAsync(scenario.Name);
        var detector = new BreakingDetector(TestLog.Load(model), Breaks);
        log.Write(scenario.Telemetry, fleet.Batches(Batches));
        var telemetry = (await log.ReadAsync(scenario.Telemetry)).Select(record => (Position: $"{scenario.Telemetry}/{record.Partition.Value}@{record.Offset.Value}", Batch: TelemetryBatch.Parser.ParseFrom(record.Message.Value))).ToList();
        var broken = telemetry.Where(record => Breaks(record.Batch)).ToList();
        Assert.Equal(4, broken.Count);

        // Large transactions and groups; then small ones by three scorers, each of which restores what the one before it left; then as a reprocessing does it.
        var (live, cut, replayed) = (await scenario.CreateScoringAsync("live"), await scenario.CreateScoringAsync("cut"), await scenario.CreateScoringAsync("replayed"));
        await ScoreAsync(scenario, live, detector, maxBatch: 1_000, until: [Scored]);
        await ScoreAsync(scenario, cut, detector, maxBatch: 7, until: [Scored / 3, Scored / 2, Scored]);
        var ranges = Enumerable.Range(0, Partitions).ToDictionary(partition => partition, partition => new OffsetRange { Partition = partition, To = telemetry.Count });
        await ScoreAsync(scenario, replayed, detector, maxBatch: 50, until: [Scored], new ReplayScope(ranges, 0, long.MaxValue));

        var scores = await live.ReadScoreBytesAsync();
        Assert.Equal(Scored, scores.Count);
        foreach (var other in (Scoring[])[cut, replayed])
        {
            Assert.Equal(scores, await other.ReadScoreBytesAsync());
            Assert.Equal(await live.ReadAlertBytesAsync(), await other.ReadAlertBytesAsync());
        }

        foreach (var scoring in (Scoring[])[live, cut])
        {
            var dead = await log.ReadAsync(scoring.DeadLetters);
            Assert.Equal(broken.Select(record => ("Unscorable", $"{record.Batch.Vin} {record.Batch.Sequence}", record.Position)).Order(),
                dead.Select(record => (Header(record, DeadLetterHeaders.Reason), Header(record, DeadLetterHeaders.Detail), Header(record, DeadLetterHeaders.Position))).Order());
            Assert.Equal(broken.Select(record => record.Batch).OrderBy(Name), dead.Select(record => TelemetryBatch.Parser.ParseFrom(record.Message.Value)).OrderBy(Name));
        }

        Assert.Empty(await log.ReadAsync(replayed.DeadLetters)); // they are there already
        Assert.Equal(Alone(fleet, TestLog.Load(model)), (await live.ReadScoresAsync()).Select(score => WithoutOffset(score.Score)).OrderBy(score => score.Vin, StringComparer.Ordinal).ThenBy(score => score.Sequence));

        bool Breaks(TelemetryBatch batch) => (batch.Vin == fleet.Vin(3) && batch.Sequence is 20 or 21) || (batch.Vin == fleet.Vin(5) && batch.Sequence is 1 or 40);
    }

    [Fact]
    [Trait("Invariant", "1")]
    [Trait("Invariant", "5")]
    public async Task A_record_that_no_try_can_process_is_put_aside_and_no_restore_gives_it_to_its_vehicle()
    {
        var scenario = await Scenario.CreateAsync(log, Partitions);
        var fleet = new Fleet(scenario.Name, Vehicles, seed: 82, faults: true);
        var model = await log.PublishAsync(scenario.Name);
        log.Write(scenario.Telemetry, fleet.Batches(Batches));
        var poisoned = (await log.ReadAsync(scenario.Telemetry)).Single(record => IsPoisoned(TelemetryBatch.Parser.ParseFrom(record.Message.Value)));

        // No snapshot is taken: each scorer folds everything again, and would give the record to its vehicle.
        var scoring = await scenario.CreateScoringAsync("live");
        const int All = (Vehicles * Batches) - 1;
        await ScoreAsync(scenario, scoring, new BreakingDetector(TestLog.Load(model), _ => false), maxBatch: 100, until: [All / 2, All * 3 / 4, All],
            snapshotEvery: 1_000, wrap: processors => new Poisoned(processors, poisoned.TopicPartitionOffset));

        var dead = Assert.Single(await log.ReadAsync(scoring.DeadLetters));
        Assert.Equal(("Unprocessable", $"{scenario.Telemetry}/{poisoned.Partition.Value}@{poisoned.Offset.Value}"), (Header(dead, DeadLetterHeaders.Reason), Header(dead, DeadLetterHeaders.Position)));
        Assert.Equal(poisoned.Message.Value, dead.Message.Value);
        var expected = new List<Score>();
        for (var vehicle = 0; vehicle < Vehicles; vehicle++)
        {
            var (fold, detector) = (new VehicleFold(fleet.Vin(vehicle)), TestLog.Load(model));
            for (var sequence = 1; sequence <= Batches; sequence++)
            {
                var batch = fleet.Batch(vehicle, sequence);
                if (!IsPoisoned(batch)) expected.Add(WithoutOffset(fold.Apply(detector, batch, 0, 0).Score!));
            }
        }

        Assert.Equal(expected, (await scoring.ReadScoresAsync()).Select(score => WithoutOffset(score.Score)).OrderBy(score => score.Vin, StringComparer.Ordinal).ThenBy(score => score.Sequence));

        bool IsPoisoned(TelemetryBatch batch) => batch.Vin == fleet.Vin(4) && batch.Sequence == 17;
    }

    private static int Scored => (Vehicles * Batches) - 4;

    /// <summary>What each vehicle's batches come to where nobody else is there; after one that breaks the detector it begins anew.</summary>
    private static List<Score> Alone(Fleet fleet, IDetector detector)
    {
        var scores = new List<Score>();
        for (var vehicle = 0; vehicle < Vehicles; vehicle++)
        {
            var fold = new VehicleFold(fleet.Vin(vehicle));
            for (var sequence = 1; sequence <= Batches; sequence++)
            {
                if ((vehicle == 3 && sequence is 20 or 21) || (vehicle == 5 && sequence is 1 or 40)) fold = new VehicleFold(fleet.Vin(vehicle));
                else scores.Add(WithoutOffset(fold.Apply(detector, fleet.Batch(vehicle, sequence), 0, 0).Score!));
            }
        }

        return scores;
    }

    private async Task ScoreAsync(Scenario scenario, Scoring scoring, IDetector detector, int maxBatch, int[] until, ReplayScope? scope = null, int snapshotEvery = 4, Func<IPartitionProcessorFactory, IPartitionProcessorFactory>? wrap = null)
    {
        var topics = new ScoringTopics { Telemetry = scenario.Telemetry, Scores = scoring.Scores, Alerts = scoring.Alerts, State = scoring.State, DeadLetter = scoring.DeadLetters, FleetMinutes = "" };
        await using var services = new ServiceCollection().AddMetrics().AddStreaming().BuildServiceProvider();
        var metrics = new ScoringMetrics(services.GetRequiredService<IMeterFactory>());
        foreach (var count in until)
        {
            var restore = new StateRestore(
                Options.Create(log.Kafka), Options.Create(new ScoringOptions { Topics = topics, SnapshotEvery = snapshotEvery }), new GivenModels(scenario.Name, detector), metrics,
                TimeProvider.System, NullLogger<StateRestore>.Instance, NullLogger<PartitionScorer>.Instance, scope);
            var consumer = new TransactionalConsumer(log.Kafka, new TransactionalConsumerOptions
            {
                Topic = scenario.Telemetry,
                DeadLetterTopic = scoring.DeadLetters,
                GroupId = scoring.GroupId,
                Instance = scoring.GroupId,
                MaxBatch = maxBatch,
                SessionTimeout = TimeSpan.FromSeconds(6),
                Parallelism = 2,
            }, wrap?.Invoke(restore) ?? restore, services.GetRequiredService<StreamingMetrics>(), NullLogger.Instance);
            using var enough = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
            var work = consumer.RunAsync(enough.Token);
            var end = DateTime.UtcNow.AddMinutes(3);
            while ((await log.ReadAsync(scoring.Scores)).Count is var found && found < count)
            {
                Assert.True(DateTime.UtcNow < end, $"Only {found} of {count} scores came.");
                Assert.False(work.IsCompleted, "The consumer ended.");
                await Task.Delay(100, Cancel);
            }

            await enough.CancelAsync();
            await work;
        }
    }

    /// <summary>The scorer's processors, which cannot process one record.</summary>
    private sealed class Poisoned(IPartitionProcessorFactory inner, TopicPartitionOffset poisoned) : IPartitionProcessorFactory
    {
        public async Task<IReadOnlyDictionary<TopicPartition, IPartitionProcessor>> RestoreAsync(IReadOnlyDictionary<TopicPartition, long> next, CancellationToken cancel) =>
            (await inner.RestoreAsync(next, cancel)).ToDictionary(found => found.Key, IPartitionProcessor (found) => new Processor(found.Value, poisoned));

        private sealed class Processor(IPartitionProcessor inner, TopicPartitionOffset poisoned) : IPartitionProcessor
        {
            public void Process(IReadOnlyList<ConsumeResult<byte[], byte[]>> records, TransactionOutput output)
            {
                inner.Process(records, output);
                if (records.Any(record => record.TopicPartitionOffset == poisoned)) throw new InvalidOperationException("It always breaks here.");
            }

            public void Skip(ConsumeResult<byte[], byte[]> record, TransactionOutput output) => inner.Skip(record, output);

            public void OnCommitted() => inner.OnCommitted();
        }
    }

    private static string Name(TelemetryBatch batch) => $"{batch.Vin} {batch.Sequence:D6}";

    private static string Header(ConsumeResult<byte[], byte[]> record, string name) => System.Text.Encoding.UTF8.GetString(record.Message.Headers.GetLastBytes(name));

    private static Score WithoutOffset(Score score)
    {
        var copy = score.Clone();
        copy.TelemetryOffset = 0;
        copy.ClearBegunAt();
        return copy;
    }
}
