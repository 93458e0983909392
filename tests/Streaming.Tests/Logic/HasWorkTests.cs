using Confluent.Kafka;
using Kappa.Iot.Streaming.Tests.Fakes;

namespace Kappa.Iot.Streaming.Tests.Logic;

/// <summary>Processors that have something to do though no record comes.</summary>
[Trait("Invariant", "2")]
public sealed class HasWorkTests
{
    [Fact]
    public void What_is_due_is_written_within_MaxWait_though_no_record_comes_and_the_offset_stays()
    {
        using var scenario = Due(0, 1);
        scenario.At(0.1, () => scenario.Log.Write(0, "a", "b"))
            .At(1, () => scenario.Due[0].AddRange(["one", "two"]))
            .At(1.2, () => Assert.Equal(["a:1", "b:2", "one", "two"], scenario.Log.Written(0)))
            .At(3, () => scenario.Due[1].Add("three"))
            .At(3.2, () => Assert.Equal(["three"], scenario.Log.Written(1)))
            .Run(5);

        Assert.Equal([2, 0, 0], scenario.Batches.Select(batch => batch.Values.Length));
        Assert.Equal([0, 0, 1], scenario.Batches.Select(batch => batch.Partition));
        Assert.Equal([2, 0], new[] { 0, 1 }.Select(scenario.Log.Committed));
        Assert.Empty(scenario.Warnings);
    }

    [Fact]
    public void What_is_due_is_written_in_the_transaction_of_what_came_for_others()
    {
        using var scenario = Due(0, 1);
        scenario.At(1, () =>
        {
            scenario.Log.Write(0, "a");
            scenario.Due[1].Add("one");
        }).At(2, () => scenario.Log.Write(1, "b")).Run(3);

        Assert.Equal([["a:1", "one"], ["b:1"]], scenario.Log.Transactions);
        Assert.Equal([1, 1], new[] { 0, 1 }.Select(scenario.Log.Committed));
    }

    [Fact]
    public void A_transaction_without_records_is_no_batch_and_nothing_is_behind_after_it()
    {
        using var scenario = Due(0);
        scenario.At(1, () => scenario.Due[0].Add("one"))
            .At(2, () => scenario.Log.Write(0, "a"))
            .At(3, () => scenario.Due[0].Add("two"))
            .At(4, () => Assert.Equal(0, scenario.Meters.LagRecords[0]))
            .Run(5);

        Assert.Equal(3, scenario.Log.Transactions.Count);
        Assert.Equal([1], scenario.Meters.Of<int>("batch.size").Select(measured => measured.Value));
        Assert.Equal(1, scenario.Meters.Of<long>("records").Sum(measured => measured.Value));
        Assert.Equal(3, scenario.Meters.Of<double>("commit.duration").Count);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_is_due_is_written_once_where_its_commit_is_aborted_or_the_answer_is_lost(bool answerIsLost)
    {
        using var scenario = Due(0);
        scenario.Log.Write(0, "a", "b");
        scenario.At(1, () =>
        {
            scenario.Log.Fail(Step.CommitTransaction, Failure.Abortable, times: answerIsLost ? 1 : 3, after: answerIsLost);
            scenario.Due[0].Add("one");
        }).Run(20);

        Assert.Equal(["a:1", "b:2", "one"], scenario.Log.Written(0));
        Assert.Equal(2, scenario.Log.Committed(0));
        Assert.Equal(answerIsLost ? 1 : 4, scenario.Batches.Count(batch => batch.Values.Length == 0));
        Assert.All(scenario.Restores.Skip(1), restore => Assert.Equal(2, restore.Next[0]));
    }

    [Fact]
    public void Nothing_is_processed_where_no_record_comes_and_nothing_is_due()
    {
        using var scenario = Due(0);
        scenario.Run(5);

        Assert.InRange(scenario.Asked.Count, 20, 30); // every 200 ms
        Assert.Empty(scenario.Batches);
        Assert.Empty(scenario.Log.Transactions);
        Assert.Null(scenario.Log.Committed(0));
    }

    [Fact]
    public void A_partition_that_is_being_restored_is_not_asked_before_it_is_and_others_do_not_wait_for_that()
    {
        using var scenario = Due(0, 1);
        var restored = new TaskCompletionSource();
        scenario.OnRestore = (partitions, _) => partitions.Contains(1) && scenario.Restores.Count > 1 ? restored.Task : Task.CompletedTask;
        scenario.At(1, () =>
        {
            scenario.Due[1].Add("one");
            scenario.Log.Fail(Step.CommitTransaction, Failure.Abortable);
        }).At(3, () => scenario.Due[0].Add("two"))
            .At(4, () =>
            {
                Assert.Equal(["two"], scenario.Log.Written(0));
                Assert.Empty(scenario.Log.Written(1));
                Assert.DoesNotContain(scenario.Asked, asked => asked.Partition == 1 && asked.At > TimeSpan.FromSeconds(1.5));
                restored.SetResult();
            }).Run(5);

        Assert.Equal(["one"], scenario.Log.Written(1));
    }

    [Fact]
    public void Partitions_that_are_given_away_or_read_to_their_ends_are_not_asked_any_more()
    {
        using var scenario = Due(0, 1, 2);
        scenario.Options = scenario.Options with
        {
            Bounds = new[] { 0, 1 }.ToDictionary(partition => new TopicPartition(FakeLog.Input, partition), partition => new LogRange(new TopicPartition(FakeLog.Input, partition), 0, 2)),
        };
        scenario.At(1, () => scenario.Log.Write(0, "a", "b"))
            .At(1, () => scenario.Log.Write(1, "a"))
            .At(2, () => scenario.Due[0].Add("late"))
            .At(3, () => scenario.Due[1].Add("one"))
            .At(4, () => scenario.Log.Revoke(1))
            .At(5, () => scenario.Due[1].Add("late"))
            .Run(6);

        Assert.Equal(["a:1", "b:2"], scenario.Log.Written(0));
        Assert.Equal(["a:1", "one"], scenario.Log.Written(1));
        Assert.Equal([2, 1, null], new[] { 0, 1, 2 }.Select(scenario.Log.Committed));
        Assert.DoesNotContain(scenario.Asked, asked => asked.Partition == 2);
        Assert.DoesNotContain(scenario.Asked, asked => asked.Partition == 0 && asked.At > TimeSpan.FromSeconds(1.5));
        Assert.DoesNotContain(scenario.Asked, asked => asked.Partition == 1 && asked.At > TimeSpan.FromSeconds(4.5));
    }

    [Fact]
    public void Somebody_who_asks_to_stop_does_not_wait_for_what_is_due()
    {
        using var scenario = Due(0);
        scenario.OnDrain = _ => "state:";
        scenario.OnProcess = _ =>
        {
            scenario.Due[0].Add("more");
            if (scenario.Batches.Count == 3) scenario.Stop();
        };
        scenario.Due[0].Add("first");
        scenario.Run(100);

        Assert.Equal(["first", "more", "more", "state:"], scenario.Log.Written(0));
    }

    private static Scenario Due(params int[] partitions)
    {
        var scenario = new Scenario(partitions);
        foreach (var partition in partitions) scenario.Due[partition] = [];
        return scenario;
    }
}
