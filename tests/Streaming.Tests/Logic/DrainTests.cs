using Kappa.Iot.Streaming.Tests.Fakes;

namespace Kappa.Iot.Streaming.Tests.Logic;

/// <summary>It is asked to stop.</summary>
public sealed class DrainTests
{
    [Fact]
    public void What_is_in_hand_is_written_and_then_what_saves_the_next_owner_work_some_partitions_a_transaction()
    {
        using var scenario = new Scenario(0, 1, 2, 3, 4);
        scenario.Options = scenario.Options with { Parallelism = 2 };
        scenario.OnProcess = _ => scenario.Stop();
        scenario.OnDrain = partition => $"state of {partition}";
        scenario.At(1, () => scenario.Log.Write(3, "a", "b", "c")).Run(100);

        Assert.Equal(
        [
            ["a:1", "b:2", "c:3"],
            ["state of 0", "state of 1"],
            ["state of 2", "state of 3"],
            ["state of 4"],
        ], scenario.Log.Transactions);
        Assert.Equal(3, scenario.Log.Committed(3));
        Assert.True(scenario.Clock.Elapsed < TimeSpan.FromSeconds(2));
        Assert.Empty(scenario.Warnings);
    }

    [Fact]
    public void A_log_that_does_not_answer_the_last_transaction_is_waited_for_until_the_deadline()
    {
        using var scenario = new Scenario(0);
        scenario.Options = scenario.Options with { DrainTimeout = TimeSpan.FromSeconds(7) };
        scenario.OnProcess = _ =>
        {
            scenario.Log.Fail(Step.CommitTransaction, Failure.Retriable, times: 1_000);
            scenario.Stop();
        };
        scenario.At(1, () => scenario.Log.Write(0, "a")).Run(100);

        // The second transaction that it might have written is not even begun.
        Assert.InRange(scenario.Clock.Elapsed.TotalSeconds, 8, 8.5);
        Assert.Empty(scenario.Log.Transactions);
        Assert.Null(scenario.Log.Committed(0));
        Assert.Contains(scenario.Warnings, text => text.Contains("was aborted", StringComparison.Ordinal));
    }

    [Fact]
    public void A_log_that_does_not_take_what_saves_work_is_left_at_the_deadline_and_that_is_said()
    {
        using var scenario = new Scenario(0);
        scenario.Options = scenario.Options with { DrainTimeout = TimeSpan.FromSeconds(7) };
        scenario.OnDrain = _ =>
        {
            scenario.Log.Fail(Step.CommitTransaction, Failure.Retriable, times: 1_000);
            return "state";
        };
        scenario.Log.Write(0, "a");
        scenario.Run(10);

        Assert.InRange(scenario.Clock.Elapsed.TotalSeconds, 17, 17.5);
        Assert.Equal([["a:1"]], scenario.Log.Transactions);
        Assert.Contains(scenario.Warnings, text => text.Contains("stopping without having written", StringComparison.Ordinal));
    }

    [Fact]
    public void A_restore_that_is_under_way_is_given_up_and_the_others_are_drained()
    {
        using var scenario = new Scenario(0);
        scenario.OnRestore = (partitions, cancel) => partitions.Contains(1) ? Task.Delay(Timeout.Infinite, cancel) : Task.CompletedTask;
        scenario.OnDrain = partition => $"state of {partition}";
        scenario.At(1, () => scenario.Log.Assign(1)).Run(2);

        Assert.Equal([["state of 0"]], scenario.Log.Transactions);
    }
}
