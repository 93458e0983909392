using Kappa.Iot.Contracts;
using Kappa.Iot.Detection;

namespace Kappa.Iot.ScoringService.Tests;

/// <summary>Models are changed while the scorer runs.</summary>
public sealed class ModelSwapTests(TestLog log)
{
    private const int Vehicles = 20;

    [Fact]
    [Trait("Invariant", "2")]
    [Trait("Invariant", "3")]
    [Trait("Invariant", "5")]
    public async Task A_promoted_model_takes_over_warm_each_batch_is_scored_by_exactly_one_and_neither_a_kill_nor_a_replay_changes_anything()
    {
        var scenario = await Scenario.CreateAsync(log);
        var first = await log.PromoteAsync(scenario.Name);
        var fleet = new Fleet(scenario.Name, Vehicles, seed: 5, faults: true);
        var scoring = await scenario.CreateScoringAsync("live");
        var written = 0;
        var another = TestLog.TrainAnother();
        string second;
        // No snapshot is taken in this test: after the kill everything is folded again, across the change of models.
        string[] settings = ["--Scoring:SnapshotEvery=1000", "--Scoring:MaxWait=00:00:00.050"];
        await using (var scorer = scoring.Start("one", settings))
        {
            await WriteAsync(20);
            await scoring.WaitForScoresAsync(Vehicles * written, scorer);
            second = await log.PublishAsync(scenario.Name, another);
            await log.PromoteIdAsync(second); // without a trial
            while ((await scoring.ReadScoresAsync()).All(s => s.Score.ModelId == first))
            {
                Assert.True(written < 400, $"The model {second} is not used.\n{scorer.Tail}");
                await WriteAsync(2);
            }

            await scoring.WaitForScoresAsync(Vehicles * written, scorer);
            await scorer.KillAsync();
        }

        await using (var scorer = scoring.Start("one", settings))
        {
            await WriteAsync(40);
            // Where the second model was still reading along when the scorer was killed, it takes over now.
            while ((await scoring.ReadScoresAsync()).Where(s => s.Score.ModelId == second).Select(s => s.Partition).Distinct().Count() < scenario.Partitions)
            {
                Assert.True(written < 600, $"The model {second} is not used everywhere.\n{scorer.Tail}");
                await WriteAsync(2);
            }

            await scoring.WaitForScoresAsync(Vehicles * written, scorer);
            await scorer.StopAsync();
        }

        var scores = await scoring.ReadScoresAsync();
        Assert.Equal(Vehicles * written, scores.Count);
        foreach (var partition in scores.GroupBy(s => s.Partition))
        {
            var offsets = partition.Select(s => s.Score.TelemetryOffset).ToList();
            Assert.Equal(Enumerable.Range(0, offsets.Count).Select(i => (long)i), offsets);
            Assert.Equal([first, second], partition.Select(s => s.Score.ModelId).Distinct());
            Assert.Equal(partition.Select(s => s.Score.ModelId == second).Order(), partition.Select(s => s.Score.ModelId == second));
        }

        // From where it took over, the second model says what a replay by it alone says: its windows were full. One that began with empty windows there says something else.
        IDetector one = TestLog.Load(first), two = TestLog.Load(second, another);
        var by = scores.ToDictionary(s => (s.Score.Vin, s.Score.Sequence), s => (s.Partition, s.Score));
        var actual = scores.Select(s => Told(s.Score)).OrderBy(s => s.Vin, StringComparer.Ordinal).ThenBy(s => s.Sequence).ToList();
        var (before, alone, cold) = (Fold(fleet, by, _ => one), Fold(fleet, by, _ => two), Fold(fleet, by, score => score.ModelId == first ? one : two));
        Assert.Equal(before.Zip(alone, (old, taken) => by[(old.Vin, old.Sequence)].Score.ModelId == first ? old : taken), actual);
        Assert.NotEqual(cold, actual);
        Assert.All(scores.Where(s => s.Score.HasWarmedFrom), s => Assert.Equal((0L, second), (s.Score.WarmedFrom, s.Score.ModelId)));
        Assert.Equal(scores.Select(s => s.Partition).Distinct(), scores.Where(s => s.Score.HasWarmedFrom).Select(s => s.Partition));

        // A reprocessing repeats it, also when it is killed while the second model reads along.
        var again = $"again-{Guid.NewGuid():N}"[..16];
        string[] reprocess = ["reprocess", "--code", "--from", "2025-10-09T08:00:00Z", "--generation", again, "--batch", "11", "--snapshot-every", "3"];
        await using (var killed = scoring.Command(null, reprocess))
        {
            await scoring.Of(again).WaitForScoresAsync(Vehicles * 5, killed);
            await killed.KillAsync();
        }

        await using (var continued = scoring.Command(null, reprocess)) await continued.WaitAsync();
        Assert.Equal(await scoring.ReadScoreBytesAsync(), await scoring.Of(again).ReadScoreBytesAsync());
        Assert.Equal(await scoring.ReadAlertBytesAsync(), await scoring.Of(again).ReadAlertBytesAsync());

        async Task WriteAsync(int batches)
        {
            log.Write(scenario.Telemetry, fleet.Batches(batches, from: written + 1));
            written += batches;
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    [Trait("Invariant", "2")]
    [Trait("Invariant", "3")]
    [Trait("Invariant", "5")]
    public async Task Promotions_without_trials_and_kills_while_the_models_read_along_leave_what_a_replay_writes()
    {
        var scenario = await Scenario.CreateAsync(log);
        await log.PromoteAsync(scenario.Name);
        var (another, random) = (TestLog.TrainAnother(), new Random(17));
        var fleet = new Fleet(scenario.Name, Vehicles, seed: 18, faults: true);
        var live = await scenario.CreateScoringAsync("live");
        string[] busy = ["--Scoring:MaxBatch=30", "--Scoring:MaxWait=00:00:00.050", "--Scoring:SnapshotEvery=3"];
        var written = 0;
        for (var round = 0; round < 5; round++)
        {
            await using var scorer = live.Start("one", busy);
            Write(10);
            await live.WaitForScoresAsync(Vehicles * written, scorer);
            await log.PromoteIdAsync(await log.PublishAsync(scenario.Name, round % 2 == 0 ? another : null));
            for (var left = random.Next(3, 20); left > 0; left--)
            {
                Write(1);
                await Task.Delay(100, TestContext.Current.CancellationToken);
            }

            await (round == 2 ? scorer.StopAsync() : scorer.KillAsync());
        }

        await using (var last = live.Start("one", busy))
        {
            Write(20);
            await live.WaitForScoresAsync(Vehicles * written, last);
            await last.StopAsync();
        }

        var scores = (await live.ReadScoresAsync()).Select(s => s.Score).ToList();
        Assert.Equal(Vehicles * written, scores.Count);
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"{scores.Count} scores by {scores.Select(s => s.ModelId).Distinct().Count()} models; {scores.Count(s => s.HasWarmedFrom)} times one took a partition over that had read along.");
        Assert.Contains(scores, s => s.HasWarmedFrom);
        for (var replay = 0; replay < 2; replay++)
        {
            var again = $"again-{Guid.NewGuid():N}"[..16];
            string[] reprocess = ["reprocess", "--code", "--from", "2025-10-09T08:00:00Z", "--generation", again, "--batch", replay == 0 ? "7" : "500", "--snapshot-every", "3"];
            if (replay == 0)
            {
                await using var killed = live.Command(null, reprocess);
                await live.Of(again).WaitForScoresAsync(Vehicles * written / 2, killed);
                await killed.KillAsync();
            }

            await using (var whole = live.Command(null, reprocess)) await whole.WaitAsync();
            Assert.Equal(await live.ReadScoreBytesAsync(), await live.Of(again).ReadScoreBytesAsync());
            Assert.Equal(await live.ReadAlertBytesAsync(), await live.Of(again).ReadAlertBytesAsync());
        }

        void Write(int batches)
        {
            log.Write(scenario.Telemetry, fleet.Batches(batches, from: written + 1));
            written += batches;
        }
    }

    /// <summary>What is said of the vehicle.</summary>
    private static Score Told(Score score)
    {
        var copy = score.Clone();
        copy.ClearWarmedFrom();
        return copy;
    }

    /// <summary>Folds the fleet's batches in this process, each by the model that is chosen for it, in the order of vehicles and sequences.</summary>
    private static List<Score> Fold(Fleet fleet, Dictionary<(string, ulong), (int Partition, Score Score)> by, Func<Score, IDetector> choose)
    {
        var folded = new List<Score>();
        for (var vehicle = 0; vehicle < Vehicles; vehicle++)
        {
            var fold = new VehicleFold(fleet.Vin(vehicle));
            for (var sequence = 1; by.TryGetValue((fleet.Vin(vehicle), (ulong)sequence), out var scored); sequence++)
                folded.Add(fold.Apply(choose(scored.Score), fleet.Batch(vehicle, sequence), scored.Partition, scored.Score.TelemetryOffset).Score!);
        }

        return folded;
    }
}
