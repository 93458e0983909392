using Confluent.Kafka;
using Kappa.Iot.Streaming.Tests.Fakes;

namespace Kappa.Iot.Streaming.Tests.Logic;

/// <summary>Partitions that come and go in the middle of a batch.</summary>
[Trait("Invariant", "2")]
public sealed class RebalanceTests
{
    private static readonly string[] Values = [.. Enumerable.Range(0, 10).Select(i => $"{i}")];

    [Fact]
    public void What_was_collected_of_a_revoked_partition_is_left_to_its_next_owner()
    {
        using var scenario = Collecting();
        scenario.At(2, () => scenario.Log.Revoke(1)).At(20, () =>
        {
            Assert.Equal(10, scenario.Log.Taken[1]);
            Assert.Null(scenario.Log.Committed(1));
            Assert.Empty(scenario.Log.Written(1));
            Assert.Equal(10, scenario.Log.Committed(0));
            scenario.Log.Assign(1);
        }).Run(60);

        Assert.All([0, 1], partition => Assert.Equal(Scenario.Counted(Values), scenario.Log.Written(partition)));
    }

    [Fact]
    public void What_was_collected_of_a_partition_that_another_owner_has_handled_meanwhile_is_not_written_again()
    {
        using var scenario = Collecting();
        var lost = false;
        scenario.OnProcess = partition =>
        {
            if (lost || partition != 1) return;
            lost = true;
            scenario.Log.Lose(1); // in the middle of the transaction
            foreach (var text in Scenario.Counted(Values)) scenario.Log.Append(new TopicPartition(FakeLog.Output, 1), text, null);
            scenario.Log.Commit(new TopicPartitionOffset(FakeLog.Input, 1, 10));
        };
        scenario.At(40, () => scenario.Log.Assign(1)).At(41, () => scenario.Log.Write(1, "next")).Run(60);

        Assert.True(lost);
        Assert.Equal(Scenario.Counted(Values), scenario.Log.Written(0));
        Assert.Equal(Scenario.Counted([.. Values, "next"]), scenario.Log.Written(1));
    }

    [Fact]
    public void A_restore_of_partitions_that_are_gone_is_given_up()
    {
        using var scenario = new Scenario(0);
        CancellationToken restoring = default;
        scenario.OnRestore = (partitions, cancel) =>
        {
            if (!partitions.Contains(1) || restoring.CanBeCanceled) return Task.CompletedTask;
            restoring = cancel;
            return Task.Delay(Timeout.Infinite, cancel);
        };
        scenario.At(1, () => scenario.Log.Assign(1)).At(2, () => scenario.Log.Revoke(1)).At(3, () =>
        {
            Assert.True(restoring.IsCancellationRequested);
            scenario.Log.Assign(1);
            scenario.Log.Write(1, Values);
        }).Run(5);

        Assert.Equal(Scenario.Counted(Values), scenario.Log.Written(1));
    }

    [Fact]
    public void A_restore_that_outlives_one_of_its_partitions_goes_on_with_the_other()
    {
        using var scenario = new Scenario(0, 1);
        var restored = new TaskCompletionSource();
        scenario.OnRestore = (_, _) => restored.Task;
        scenario.Log.Write(0, Values);
        scenario.Log.Write(1, Values);
        scenario.At(1, () => scenario.Log.Revoke(1)).At(2, restored.SetResult).Run(3);

        Assert.Equal(Scenario.Counted(Values), scenario.Log.Written(0));
        Assert.Empty(scenario.Log.Written(1));
        Assert.Equal(1, scenario.Log.Consumers);
    }

    [Fact]
    public void A_processor_is_told_when_it_is_thrown_away()
    {
        using var scenario = Collecting();
        var broken = false;
        scenario.OnProcess = partition =>
        {
            if (broken || partition != 0) return;
            broken = true;
            throw new InvalidOperationException("It breaks.");
        };
        scenario.At(2, () => scenario.Log.Revoke(1)).At(3, () => Assert.Equal([1], scenario.Left))
            .At(30, () => Assert.Equal([1, 0], scenario.Left)).Run(60); // its transaction was aborted

        Assert.Equal([1, 0, 0], scenario.Left); // the new one leaves with the consumer
    }

    /// <summary>Ten records of each of two partitions are collected from one second on, for ten seconds.</summary>
    private static Scenario Collecting()
    {
        var scenario = new Scenario(0, 1);
        scenario.Options = scenario.Options with { MaxWait = TimeSpan.FromSeconds(10) };
        return scenario.At(1, () =>
        {
            scenario.Log.Write(0, Values);
            scenario.Log.Write(1, Values);
        });
    }
}
