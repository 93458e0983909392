using System.Collections.Concurrent;
using System.Globalization;
using Confluent.Kafka;
using Google.Protobuf;
using Kappa.Iot.Contracts;
using Kappa.Iot.Streaming;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kappa.Iot.ScoringService.Tests;

/// <summary>A model is promoted while many partitions are scored by several scorers. How long that takes is printed, not asserted: the machine may be busy.</summary>
public sealed class PromotionTests(TestLog log)
{
    private const int Vehicles = 120;
    private const int Partitions = 16;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [Trait("Invariant", "2")]
    [InlineData("after a trial")]
    [InlineData("without a trial")]
    public async Task Every_partition_turns_to_a_promoted_model_at_one_offset_and_no_record_is_scored_twice_or_by_neither(string how)
    {
        var scenario = await Scenario.CreateAsync(log, Partitions);
        var first = await log.PromoteAsync(scenario.Name);
        var second = await log.PublishAsync(scenario.Name);
        if (how == "after a trial") await log.TryAsync(second);
        var live = await scenario.CreateScoringAsync("live");
        await using var one = live.Start("one", "--Scoring:Parallelism=1");
        await using var two = live.Start("two", "--Scoring:Parallelism=2", "--Scoring:MaxBatch=50");
        using var enough = new CancellationTokenSource();
        var load = Task.Run(() => LoadAsync(scenario, enough.Token), Cancel);
        var seen = new ConcurrentDictionary<int, DateTime>(); // when each partition's first score by the second model could be read
        var watch = WatchAsync(live, second, seen, enough.Token);
        try
        {
            await SharedAsync(live, one, two);
            var promoted = DateTime.UtcNow;
            await log.PromoteIdAsync(second);
            while (seen.Count < Partitions)
            {
                Assert.True(DateTime.UtcNow < promoted.AddMinutes(3), $"{seen.Count} of {Partitions} partitions use the model.\n{one.Tail}\n{two.Tail}");
                Assert.False(load.IsCompleted, "The load ended.");
                await Task.Delay(100, Cancel);
            }

            await Task.Delay(1_000, Cancel);
            await enough.CancelAsync();
            var (count, written) = await load;
            while ((await live.ReadScoresAsync()).Count(s => !s.Score.Shadow) < count)
            {
                Assert.True(DateTime.UtcNow < promoted.AddMinutes(5) && !one.HasExited && !two.HasExited, $"Not everything is scored.\n{one.Tail}\n{two.Tail}");
                await Task.Delay(200, Cancel);
            }

            var scores = (await live.ReadScoresAsync()).Where(s => !s.Score.Shadow).ToList();
            Assert.Equal(count, scores.Count);
            var last = AssertOneTurn(scores, first, second).Max(by => written[by]);
            TestContext.Current.TestOutputHelper!.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"Promoted {how}, {Partitions} partitions, 2 scorers, {count} batches: the last record that the old model scored was written {(last - promoted).TotalSeconds:F2} s after the promotion was begun; scores by the new one could be read of the first partition after {(seen.Values.Min() - promoted).TotalSeconds:F2} s, of the last after {(seen.Values.Max() - promoted).TotalSeconds:F2} s."));
        }
        finally
        {
            await enough.CancelAsync();
            await watch;
        }

        await one.StopAsync();
        await two.StopAsync();
    }

    /// <summary>Each partition's records are scored once each, by the first model up to an offset and by the second from there on.</summary>
    /// <returns>By partition, the last offset that the first model scored.</returns>
    private static List<(int Partition, long Offset)> AssertOneTurn(List<(int Partition, Score Score)> scores, string first, string second)
    {
        var turns = new List<(int, long)>();
        foreach (var partition in scores.GroupBy(s => s.Partition))
        {
            Assert.Equal(Enumerable.Range(0, partition.Count()).Select(i => (long)i), partition.Select(s => s.Score.TelemetryOffset));
            var old = partition.TakeWhile(s => s.Score.ModelId == first).ToList();
            Assert.NotEmpty(old);
            Assert.All(partition.Skip(old.Count), s => Assert.Equal(second, s.Score.ModelId));
            Assert.NotEqual(old.Count, partition.Count());
            turns.Add((partition.Key, old[^1].Score.TelemetryOffset));
        }

        Assert.Equal(Partitions, turns.Count);
        return turns;
    }

    /// <summary>Both scorers have partitions, and there are scores of all.</summary>
    private static async Task SharedAsync(Scoring live, ScorerProcess one, ScorerProcess two)
    {
        var until = DateTime.UtcNow.AddMinutes(3);
        while (!Shares(one) || !Shares(two) || (await live.ReadScoresAsync()).Select(s => s.Partition).Distinct().Count() < Partitions)
        {
            Assert.True(DateTime.UtcNow < until && !one.HasExited && !two.HasExited, $"They do not share the partitions.\n{one.Tail}\n{two.Tail}");
            await Task.Delay(200, Cancel);
        }

        await Task.Delay(3_000, Cancel); // a full load on both

        static bool Shares(ScorerProcess scorer) => scorer.Output.Contains("Restored ", StringComparison.Ordinal);
    }

    /// <summary>Writes a batch of every vehicle about five times a second.</summary>
    /// <returns>How many batches, and when each was stored.</returns>
    private async Task<(int Count, ConcurrentDictionary<(int, long), DateTime> Written)> LoadAsync(Scenario scenario, CancellationToken enough)
    {
        var fleet = new Fleet(scenario.Name, Vehicles, seed: 61, faults: true);
        var written = new ConcurrentDictionary<(int, long), DateTime>();
        using var producer = new ProducerBuilder<byte[], byte[]>(new ProducerConfig(log.Kafka.ToClientConfig("test"))
        {
            EnableIdempotence = true,
            Partitioner = Confluent.Kafka.Partitioner.Murmur2Random,
            LingerMs = 1,
        }).Build();
        var count = 0;
        for (var sequence = 1; !enough.IsCancellationRequested && sequence < 3_000; sequence++)
        {
            foreach (var batch in fleet.Batches(1, from: sequence))
            {
                count++;
                producer.Produce(scenario.Telemetry, new Message<byte[], byte[]>
                {
                    Key = System.Text.Encoding.UTF8.GetBytes(batch.Vin),
                    Value = batch.ToByteArray(),
                    Timestamp = new Timestamp(batch.StartTimeMs, TimestampType.CreateTime),
                }, report => written[(report.Partition.Value, report.Offset.Value)] = DateTime.UtcNow);
            }

            await Task.Delay(200, CancellationToken.None);
        }

        producer.Flush(Cancel);
        Assert.Equal(count, written.Count);
        return (count, written);
    }

    private async Task WatchAsync(Scoring live, string second, ConcurrentDictionary<int, DateTime> seen, CancellationToken enough)
    {
        var reader = new LogReader(log.Kafka, "test", NullLogger.Instance);
        try
        {
            await reader.FollowAsync(await reader.FindAsync(live.Scores, LogStart.End, enough), (records, _) =>
            {
                foreach (var record in records)
                {
                    if (!seen.ContainsKey(record.Partition.Value) && Score.Parser.ParseFrom(record.Message.Value) is { Shadow: false } score && score.ModelId == second)
                        seen[record.Partition.Value] = DateTime.UtcNow;
                }

                return ValueTask.CompletedTask;
            }, null, enough);
        }
        catch (OperationCanceledException) when (enough.IsCancellationRequested)
        {
            // enough was seen
        }
    }
}
