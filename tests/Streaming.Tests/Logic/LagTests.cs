using Confluent.Kafka;
using Kappa.Iot.Contracts;
using Kappa.Iot.Streaming.Tests.Fakes;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kappa.Iot.Streaming.Tests.Logic;

/// <summary>How far behind a reader is, as it looks at any time; and what else readers tell of themselves.</summary>
public sealed class LagTests
{
    [Fact]
    public void Lag_grows_while_a_processor_keeps_failing_and_is_none_when_it_has_caught_up()
    {
        using var scenario = new Scenario(0, 1);
        var fails = false;
        scenario.OnProcess = partition =>
        {
            if (fails && partition == 0) throw new InvalidOperationException("In the middle of its work.");
        };
        scenario.At(1, () => scenario.Log.Write(0, Some(10)))
            .At(5, () => Lag(scenario.Meters, [0, 0], [0, 0]))
            .At(6, () => fails = true)
            .At(10, () => scenario.Log.Write(0, Some(10)))
            .At(20, () => Lag(scenario.Meters, [10, 0], [10, 0]))
            .At(21, () => scenario.Log.Write(0, Some(1_000)))
            .At(40, () => Lag(scenario.Meters, [1_010, 0], [30, 0]))
            .At(50, () => fails = false)
            .At(70, () => Lag(scenario.Meters, [0, 0], [0, 0]))
            .Run(80);
    }

    [Fact]
    public void Lag_is_known_right_after_the_assignment_and_grows_while_state_is_restored()
    {
        using var scenario = new Scenario(0);
        var restored = new TaskCompletionSource();
        scenario.OnRestore = (_, _) => restored.Task;
        scenario.Log.Write(0, Some(100));
        scenario.Log.Commit(new TopicPartitionOffset(FakeLog.Input, 0, 40));
        scenario.At(0.1, () => Lag(scenario.Meters, [60], [0.1]))
            .At(10, () => scenario.Log.Write(0, Some(20)))
            .At(20, () => Lag(scenario.Meters, [80], [20]))
            .At(30, restored.SetResult)
            .At(40, () => Lag(scenario.Meters, [0], [0]))
            .Run(41);
    }

    [Fact]
    public void Lag_of_partitions_that_are_left_is_not_told_any_more()
    {
        using var scenario = new Scenario(0, 1);
        scenario.At(1, () => scenario.Log.Write(0, "a"))
            .At(2, () => Assert.Equal([0, 1], scenario.Meters.LagRecords.Keys.Order()))
            .At(3, () => scenario.Log.Revoke(0))
            .At(4, () => Assert.Equal([1], scenario.Meters.LagRecords.Keys))
            .At(5, () => scenario.Log.Lose(1))
            .At(6, () => Assert.Empty(scenario.Meters.LagRecords))
            .At(7, () => scenario.Log.Assign(0))
            .At(8, () => Assert.Equal([0], scenario.Meters.LagRecords.Keys))
            .Run(9);

        Assert.Empty(scenario.Meters.LagRecords);
        Assert.Empty(scenario.Meters.LagSeconds);
    }

    [Fact]
    public void Marks_of_transactions_at_the_end_are_nothing_to_handle()
    {
        using var scenario = new Scenario(0, 1);
        scenario.At(1, () => scenario.Log.WriteInTransaction(0, commit: true, "a", "b"))
            .At(1, () => scenario.Log.WriteInTransaction(1, commit: false, "c", "d"))
            .At(100, () => Lag(scenario.Meters, [0, 0], [0, 0]))
            .Run(101);
    }

    [Fact]
    public void Lag_stays_what_it_was_while_the_log_does_not_say_where_it_ends()
    {
        using var scenario = new Scenario(0);
        scenario.OnRestore = (_, cancel) => Task.Delay(Timeout.Infinite, cancel);
        scenario.Log.Write(0, Some(10));
        scenario.At(1, () => scenario.Log.Fail(Step.QueryEnd, Failure.Away, times: 3))
            .At(2, () => scenario.Log.Write(0, Some(10)))
            .At(14, () => Lag(scenario.Meters, [10], [14]))
            .At(30, () => Lag(scenario.Meters, [20], [30]))
            .Run(31);
    }

    [Fact]
    public void Lag_of_a_batch_consumer_grows_while_its_handler_keeps_failing()
    {
        using var scenario = new BatchScenario(0, 1);
        var fails = true;
        scenario.OnHandle = () =>
        {
            if (fails) throw new IOException("The store is away.");
        };
        scenario.Log.Write(1, Some(5));
        scenario.Log.Commit(new TopicPartitionOffset(FakeLog.Input, 1, 5));
        scenario.At(1, () => Lag(scenario.Meters, [0, 0], [0, 0]))
            .At(2, () => scenario.Log.Write(0, Some(10)))
            .At(3, () => scenario.Log.Write(1, Some(3)))
            .At(20, () => Lag(scenario.Meters, [10, 3], [18, 17], unread: 1))
            .At(30, () => fails = false)
            .At(50, () => Lag(scenario.Meters, [0, 0], [0, 0]))
            .Run(51);
        Assert.Empty(scenario.Meters.LagRecords);
    }

    [Fact]
    public async Task Lag_of_a_reader_without_a_group_is_told_under_its_name()
    {
        var clock = new FakeClock();
        var log = new FakeLog(clock);
        using var meters = new FakeMeters(clock);
        using var stop = new CancellationTokenSource();
        var reader = new LogReader(new KafkaOptions(), "follower", NullLogger.Instance, IsolationLevel.ReadCommitted, meters.Metrics, log, clock);
        log.Write(0, Some(10));
        var measured = new List<(long Records, double Seconds)>();
        clock.At(5, () => log.WriteInTransaction(0, commit: true, Some(4)));
        clock.At(20, Look);
        clock.At(30, stop.Cancel);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reader.RunAsync(
            [new LogRange(new TopicPartition(FakeLog.Input, 0), 2, 10)],
            (records, _) =>
            {
                clock.Advance(TimeSpan.FromSeconds(3)); // it is slow
                Look();
                return ValueTask.CompletedTask;
            }, caughtUp: null, follow: true, stop.Token));

        Assert.Equal([(8, 3), (5, 3), (0, 0)], measured); // offsets are counted: the transaction's mark is one until it is passed
        Assert.Empty(meters.LagRecords);
        Assert.Equal(12, meters.Of<long>("records").Sum(counted => counted.Value));

        void Look()
        {
            var lag = Assert.Single(meters.Now<long>("lag.records"));
            Assert.Equal("follower", lag.Tags["reader"]);
            Assert.False(lag.Tags.ContainsKey("group"));
            measured.Add((lag.Value, Assert.Single(meters.LagSeconds).Value));
        }
    }

    [Fact]
    public void Batches_commits_rebalances_and_retries_are_counted()
    {
        using var scenario = new Scenario(0, 1);
        scenario.Options = scenario.Options with { MaxBatch = 10 };
        var failures = 0;
        scenario.OnProcess = _ =>
        {
            if (failures++ < 2) throw new InvalidOperationException("In the middle of its work.");
        };
        scenario.At(1, () => scenario.Log.Write(0, Some(25)))
            .At(20, () => scenario.Log.Fail(Step.CommitTransaction, Failure.Retriable, times: 2))
            .At(21, () => scenario.Log.Write(0, "slow"))
            .At(30, () => scenario.Log.Revoke(1))
            .At(31, () => scenario.Log.Assign(1))
            .At(32, () => scenario.Log.Lose(1))
            .Run(40);

        var meters = scenario.Meters;
        Assert.Equal([10, 10, 5, 1], meters.Of<int>("batch.size").Select(measured => measured.Value));
        Assert.Equal(26, meters.Of<long>("records").Sum(measured => measured.Value));
        Assert.Equal(2, meters.Of<long>("retries").Sum(measured => measured.Value));
        Assert.Equal(["assigned", "revoked", "assigned", "lost", "revoked"], meters.Of<long>("rebalances").Select(measured => measured.Tags["kind"]));
        var commits = meters.Of<double>("commit.duration").Select(measured => measured.Value).ToList();
        Assert.Equal([0, 0, 0], commits[..3]);
        Assert.InRange(Assert.Single(commits[3..]), 0.75 * 0.3, 0.3 + 0.01); // the pauses between its three tries
        Assert.All(meters.Of<long>("retries"), measured => Assert.Equal("group", measured.Tags["group"]));
    }

    private static IEnumerable<string> Some(int count) => Enumerable.Range(0, count).Select(i => $"{i}");

    /// <param name="unread">A partition of which nothing has been read, so that the age of what is left is not known.</param>
    private static void Lag(FakeMeters meters, long[] records, double[] seconds, int? unread = null)
    {
        Assert.Equal(records, meters.LagRecords.OrderBy(pair => pair.Key).Select(pair => pair.Value));
        Assert.Equal(seconds.Where((_, partition) => partition != unread), meters.LagSeconds.OrderBy(pair => pair.Key).Select(pair => Math.Round(pair.Value, 1)));
    }
}
