namespace Kappa.Iot.ScoringService.Tests;

/// <summary>Models are changed while the scorer runs.</summary>
public sealed class ModelSwapTests(TestLog log)
{
    private const int Vehicles = 20;

    [Fact]
    [Trait("Invariant", "2")]
    [Trait("Invariant", "5")]
    public async Task A_promoted_model_takes_over_without_a_restart_each_batch_is_scored_by_exactly_one_and_a_kill_changes_nothing()
    {
        var scenario = await Scenario.CreateAsync(log);
        var first = await log.PromoteAsync(scenario.Name);
        var fleet = new Fleet(scenario.Name, Vehicles, seed: 5, faults: true);
        var scoring = await scenario.CreateScoringAsync("live");
        var written = 0;
        string second;
        // No snapshot is taken in this test: after the kill everything is folded again, across the change of models.
        string[] settings = ["--Scoring:SnapshotEvery=1000", "--Scoring:MaxWait=00:00:00.050"];
        await using (var scorer = scoring.Start("one", settings))
        {
            await WriteAsync(20);
            await scoring.WaitForScoresAsync(Vehicles * written, scorer);
            second = await log.PromoteAsync(scenario.Name);
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

        // The windows began with the second model where it took over: one that had lost that would have scored the rest otherwise.
        AssertSame(ExpectedScores(scores, fleet, first, second), scores.Select(s => s.Score).OrderBy(s => s.Vin).ThenBy(s => s.Sequence));

        async Task WriteAsync(int batches)
        {
            log.Write(scenario.Telemetry, fleet.Batches(batches, from: written + 1));
            written += batches;
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }
    }

    private static void AssertSame(IEnumerable<Contracts.Score> expected, IEnumerable<Contracts.Score> actual) => Assert.Equal(expected, actual);

    /// <summary>Folds the fleet's batches in this process, by the model that each was scored by.</summary>
    private static List<Contracts.Score> ExpectedScores(List<(int Partition, Contracts.Score Score)> scores, Fleet fleet, string first, string second)
    {
        var detectors = new Dictionary<string, Detection.IDetector> { [first] = TestLog.Load(first), [second] = TestLog.Load(second) };
        var by = scores.ToDictionary(s => (s.Score.Vin, s.Score.Sequence), s => (s.Partition, s.Score));
        var expected = new List<Contracts.Score>();
        for (var vehicle = 0; vehicle < Vehicles; vehicle++)
        {
            var fold = new Detection.VehicleFold(fleet.Vin(vehicle));
            for (var sequence = 1; by.TryGetValue((fleet.Vin(vehicle), (ulong)sequence), out var scored); sequence++)
                expected.Add(fold.Apply(detectors[scored.Score.ModelId], fleet.Batch(vehicle, sequence), scored.Partition, scored.Score.TelemetryOffset).Score!);
        }

        return expected;
    }
}
