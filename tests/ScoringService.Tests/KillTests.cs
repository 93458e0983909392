using Confluent.Kafka;
using Kappa.Iot.Peers;

namespace Kappa.Iot.ScoringService.Tests;

/// <summary>
/// Two scorers under load, one of them killed again and again. Each time the group waits for a dead member's session to end: thirty kills take
/// long and are done only when asked for, <c>-explicit on -class "*KillTests"</c>; a few are always done on Apache Kafka where it is.
/// </summary>
public sealed class KillTests(TestLog log)
{
    private const int Vehicles = 20;
    private const int Kills = 30, FewKills = 3;
    private const int LeastBatches = 100; // of each vehicle: one whole overheating and its end
    private const int MostBatches = 600;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact(Explicit = true)]
    [Trait("Invariant", "2")]
    [Trait("Invariant", "6")]
    public Task Thirty_kills_of_two_scorers_leave_the_scores_and_alerts_of_an_undisturbed_one() => KillAsync(log, Kills);

    [Fact(Explicit = true)]
    [Trait("Invariant", "2")]
    [Trait("Invariant", "6")]
    public Task Thirty_kills_on_Apache_Kafka_leave_the_scores_and_alerts_of_an_undisturbed_scorer() => KillOnApacheKafkaAsync(Kills);

    [Fact]
    [Trait("Invariant", "2")]
    [Trait("Invariant", "6")]
    public Task A_few_kills_on_Apache_Kafka_leave_the_scores_and_alerts_of_an_undisturbed_scorer() => KillOnApacheKafkaAsync(FewKills);

    private static async Task KillOnApacheKafkaAsync(int kills)
    {
        if (!ApacheKafka.IsHere) Assert.Skip("Apache Kafka is not here: set PEERS to a folder that has kafka/start-kafka.");
        await using var kafka = new ApacheKafka();
        await kafka.StartAsync();
        await KillAsync(await TestLog.AtAsync(kafka.BootstrapServers), kills);
    }

    private static async Task KillAsync(TestLog log, int kills)
    {
        var scenario = await Scenario.CreateAsync(log);
        await log.PromoteAsync(scenario.Name);
        var live = await scenario.CreateScoringAsync("live");
        var random = new Random(30);
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var load = LoadAsync(log, scenario, enough.Token);

        // Small transactions and frequent snapshots: there is always something open when the process dies.
        string[] busy = ["--Scoring:MaxBatch=40", "--Scoring:MaxWait=00:00:00.050", "--Scoring:SnapshotEvery=4"];
        ScorerProcess[] scorers = [live.Start("one", busy), live.Start("two", busy)];
        try
        {
            using var progress = new ConsumerBuilder<Ignore, Ignore>(new ConsumerConfig(log.Kafka.ToClientConfig("test")) { GroupId = live.GroupId }).Build();
            for (var kill = 0; kill < kills; kill++)
            {
                // Some die once they and the other have got on, some while they start, restore or take partitions over.
                if (kill % 3 == 0) await AdvanceAsync(progress, scenario, scorers);
                else await Task.Delay(random.Next(200, 4_000), Cancel);
                var victim = random.Next(2);
                Assert.False(scorers[victim].HasExited, $"It ended by itself.\n{scorers[victim].Tail}");
                await scorers[victim].KillAsync();
                await scorers[victim].DisposeAsync();
                // Leaving in order forces a rebalance between two who live.
                if (kill % 5 == 4)
                {
                    await scorers[1 - victim].StopAsync();
                    await scorers[1 - victim].DisposeAsync();
                    scorers[1 - victim] = live.Start(victim == 0 ? "two" : "one", busy);
                }

                scorers[victim] = live.Start(victim == 0 ? "one" : "two", busy);
            }

            await enough.CancelAsync();
            var written = await load;
            await live.WaitForScoresAsync(Vehicles * written, scorers[0]);
            foreach (var scorer in scorers) await scorer.StopAsync();
            await ExactlyOnceTests.AssertSameAsUndisturbedAsync(scenario, live, Vehicles * written);
        }
        finally
        {
            await enough.CancelAsync();
            foreach (var scorer in scorers) await scorer.DisposeAsync();
        }
    }

    /// <summary>Writes a batch of every vehicle, again and again, until it is enough and there is something to raise alerts about.</summary>
    /// <returns>How many of each vehicle it wrote.</returns>
    private static async Task<int> LoadAsync(TestLog log, Scenario scenario, CancellationToken enough)
    {
        var fleet = new Fleet(scenario.Name, Vehicles, seed: 30, faults: true);
        var written = 0;
        while (written < LeastBatches || (!enough.IsCancellationRequested && written < MostBatches))
        {
            log.Write(scenario.Telemetry, fleet.Batches(2, from: written + 1));
            written += 2;
            await Task.Delay(250, CancellationToken.None);
        }

        return written;
    }

    /// <summary>Waits until the group has committed more than it has now, or has committed everything.</summary>
    private static async Task AdvanceAsync(IConsumer<Ignore, Ignore> progress, Scenario scenario, ScorerProcess[] scorers)
    {
        var partitions = Enumerable.Range(0, scenario.Partitions).Select(partition => new TopicPartition(scenario.Telemetry, partition)).ToList();
        var start = Committed();
        var until = DateTime.UtcNow.AddMinutes(2);
        while (Committed() is var now && now <= start && now < End())
        {
            Assert.True(DateTime.UtcNow < until, $"Nothing is committed any more.\n{scorers[0].Tail}\n{scorers[1].Tail}");
            await Task.Delay(100, Cancel);
        }

        long Committed()
        {
            try
            {
                return progress.Committed(partitions, TimeSpan.FromSeconds(30)).Sum(found => Math.Max(0, found.Offset.Value));
            }
            catch (KafkaException)
            {
                return 0; // a transaction is just ending
            }
        }

        long End() => partitions.Sum(partition => progress.QueryWatermarkOffsets(partition, TimeSpan.FromSeconds(30)).High.Value);
    }
}
