using System.Globalization;
using Kappa.Iot.Contracts;

namespace Kappa.Iot.ScoringService.Tests;

/// <summary>A scorer that is stopped writes the state of all its partitions, some of them a transaction.</summary>
public sealed class DrainTests(TestLog log)
{
    private const int Vehicles = 30, Batches = 20, Partitions = 7;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [Trait("Invariant", "5")]
    public async Task Every_partition_is_stored_whatever_number_of_them_a_transaction_takes_and_the_next_start_reads_nothing_again(int together)
    {
        var scenario = await Scenario.CreateAsync(log, Partitions);
        await log.PromoteAsync(scenario.Name);
        var live = await scenario.CreateScoringAsync("live");
        // No snapshot is due before the stop.
        string[] settings = ["--Scoring:SnapshotEvery=1000", string.Create(CultureInfo.InvariantCulture, $"--Scoring:Parallelism={together}")];
        log.Write(scenario.Telemetry, new Fleet(scenario.Name, Vehicles, seed: 91).Batches(Batches));
        var telemetry = (await log.ReadAsync(scenario.Telemetry)).GroupBy(record => record.Partition.Value).ToDictionary(partition => partition.Key, partition => partition.Last().Offset.Value + 1);
        Assert.Equal(Partitions, telemetry.Count);
        await using (var scorer = live.Start("one", settings))
        {
            await live.WaitForScoresAsync(Vehicles * Batches, scorer);
            Assert.Empty(await SnapshotsAsync());
            await scorer.StopAsync();
            Assert.True(scorer.ExitCode == 0, scorer.Tail);
        }

        var snapshots = await SnapshotsAsync();
        Assert.Equal(Vehicles, snapshots.Count);
        Assert.Equal(Vehicles, snapshots.Select(snapshot => snapshot.State.Vin).Distinct().Count());
        Assert.All(snapshots, snapshot => Assert.Equal(telemetry[snapshot.Partition] - 1, snapshot.State.TelemetryOffset));
        var checkpoints = (await log.ReadAsync(live.State)).Where(IsCheckpoint).GroupBy(record => record.Partition.Value).ToDictionary(partition => partition.Key, partition => ScoringCheckpoint.Parser.ParseFrom(partition.Last().Message.Value));
        Assert.Equal(telemetry.Select(end => (end.Key, end.Value, end.Value)).Order(), checkpoints.Select(end => (end.Key, end.Value.NextOffset, end.Value.ReplayFrom)).Order());

        await using var next = live.Start("one", settings);
        for (var i = 0; i < 600 && !next.Output.Contains("Restored ", StringComparison.Ordinal) && !next.HasExited; i++) await Task.Delay(100, TestContext.Current.CancellationToken);
        Assert.Contains($"Restored {Partitions} partitions from {Vehicles} snapshots and 0 batches after them", next.Output, StringComparison.Ordinal);
        await next.StopAsync();

        static bool IsCheckpoint(Confluent.Kafka.ConsumeResult<byte[], byte[]> record) => record.Message.Key.AsSpan().SequenceEqual(PartitionScorer.CheckpointKey);

        async Task<List<(int Partition, VehicleState State)>> SnapshotsAsync() =>
            [.. (await log.ReadAsync(live.State)).Where(record => !IsCheckpoint(record)).Select(record => (record.Partition.Value, VehicleState.Parser.ParseFrom(record.Message.Value)))];
    }
}
