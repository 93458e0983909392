using Kappa.Iot.Streaming.Tests.Fakes;

namespace Kappa.Iot.Streaming.Tests.Logic;

/// <summary>Transactions that do not go through: everything is written in the end, and nothing twice.</summary>
[Trait("Invariant", "2")]
public sealed class AbortTests
{
    private static readonly string[] Values = [.. Enumerable.Range(0, 30).Select(i => $"{i}")];

    [Fact]
    public void A_processor_that_throws_is_restored_to_the_last_commit_and_gets_the_same_records_again()
    {
        using var scenario = Writing();
        var failures = 0;
        scenario.OnProcess = _ =>
        {
            if (scenario.Log.Committed(0) == 10 && failures++ < 3) throw new InvalidOperationException("In the middle of its work.");
        };
        scenario.Run(60);

        Assert.Equal([10, 10, 10, 10, 10, 10], scenario.Batches.Select(batch => batch.Values.Length));
        Assert.All(scenario.Batches[1..5], batch => Assert.Equal(Values[10..20], batch.Values));
        Assert.Equal([0, 10, 10, 10], scenario.Restores.Select(restore => restore.Next[0]));
        AssertAllIsWrittenOnce(scenario);
    }

    [Fact]
    public void What_failed_is_not_processed_before_it_is_restored_and_other_partitions_do_not_wait_for_that()
    {
        using var scenario = new Scenario(0, 1);
        var restored = new TaskCompletionSource();
        scenario.OnRestore = (_, _) => scenario.Restores.Count == 1 ? Task.CompletedTask : restored.Task;
        var failures = 0;
        scenario.OnProcess = _ =>
        {
            if (failures++ == 0) throw new InvalidOperationException("In the middle of its work.");
        };
        scenario.At(1, () => scenario.Log.Write(0, Values))
            .At(3, () => scenario.Log.Write(1, Values))
            .At(8, () =>
            {
                Assert.Equal([0, 1], scenario.Batches.Select(batch => batch.Partition));
                Assert.Equal(Scenario.Counted(Values), scenario.Log.Written(1));
                restored.SetResult();
            }).Run(10);

        AssertAllIsWrittenOnce(scenario);
    }

    [Fact]
    public void Where_one_partition_fails_nothing_of_the_transaction_is_written()
    {
        using var scenario = new Scenario(0, 1);
        scenario.Options = scenario.Options with { MaxWait = TimeSpan.FromSeconds(1) };
        var failures = 0;
        scenario.OnProcess = partition =>
        {
            if (partition == 1 && failures++ == 0) throw new InvalidOperationException("In the middle of its work.");
        };
        scenario.At(0.5, () =>
        {
            scenario.Log.Write(0, Values);
            scenario.Log.Write(1, Values);
        }).Run(10);

        Assert.Equal([0, 1, 0, 1], scenario.Batches.Select(batch => batch.Partition));
        Assert.Equal(2 * Values.Length, Assert.Single(scenario.Log.Transactions).Length);
        Assert.All([0, 1], partition => Assert.Equal(Scenario.Counted(Values), scenario.Log.Written(partition)));
    }

    [Fact]
    public void A_commit_that_must_be_aborted_is_done_again_by_the_same_producer()
    {
        using var scenario = Writing();
        scenario.At(0.5, () => scenario.Log.Fail(Step.CommitTransaction, Failure.Abortable, times: 2)).Run(60);

        Assert.Equal(1, scenario.Log.Producers);
        Assert.Equal(5, scenario.Batches.Count);
        AssertAllIsWrittenOnce(scenario);
    }

    [Fact]
    public void A_producer_that_is_fenced_in_a_transaction_is_replaced()
    {
        using var scenario = Writing();
        var fenced = false;
        scenario.OnProcess = _ =>
        {
            if (fenced || scenario.Log.Committed(0) != 10) return;
            fenced = true;
            scenario.Log.Fence();
        };
        scenario.Run(60);

        Assert.Equal(2, scenario.Log.Producers);
        AssertAllIsWrittenOnce(scenario);
    }

    [Fact]
    public void A_producer_that_is_fenced_between_transactions_is_replaced()
    {
        using var scenario = Writing();
        scenario.At(0.5, () => scenario.Log.Fence()).Run(60);

        Assert.Equal(2, scenario.Log.Producers);
        AssertAllIsWrittenOnce(scenario);
    }

    [Fact]
    public void A_commit_whose_answer_was_lost_is_not_done_again()
    {
        using var scenario = Writing();
        scenario.At(0.5, () => scenario.Log.Fail(Step.CommitTransaction, Failure.Abortable, after: true)).Run(60);

        Assert.Equal(3, scenario.Batches.Count);
        Assert.Equal(2, scenario.Log.Producers); // that one no longer knows where it is
        AssertAllIsWrittenOnce(scenario);
    }

    [Fact]
    public void A_commit_that_gets_no_answer_is_asked_again_with_growing_pauses_and_nothing_is_processed_twice()
    {
        using var scenario = Writing();
        scenario.At(0.5, () => scenario.Log.Fail(Step.CommitTransaction, Failure.Retriable, times: 9)).Run(60);

        var pauses = scenario.Clock.Pauses;
        Assert.Equal(9, pauses.Count);
        for (var i = 0; i < pauses.Count; i++)
        {
            var longest = Math.Min(100 * Math.Pow(2, i), 5_000);
            Assert.InRange(pauses[i].TotalMilliseconds, longest * 0.75, longest);
        }

        Assert.Equal(3, scenario.Batches.Count);
        AssertAllIsWrittenOnce(scenario);
    }

    [Fact]
    public void A_reader_that_breaks_is_made_anew_and_holds_nothing_of_before()
    {
        using var scenario = new Scenario(0, 1);
        scenario.Options = scenario.Options with { MaxWait = TimeSpan.FromSeconds(10) };
        scenario.At(1, () =>
        {
            scenario.Log.Write(0, Values);
            scenario.Log.Write(1, Values);
        }).At(2, () =>
        {
            scenario.Log.Given = [0]; // the other one goes to somebody else
            scenario.Log.Fail(Step.Read, Failure.ReaderBroken);
            scenario.Log.Fail(Step.Close, Failure.Away);
        }).Run(60);

        Assert.Equal(2, scenario.Log.Consumers);
        Assert.Equal(Scenario.Counted(Values), scenario.Log.Written(0));
        Assert.Empty(scenario.Log.Written(1));
        Assert.Null(scenario.Log.Committed(1));
    }

    /// <summary>Three batches of ten, from one second on.</summary>
    private static Scenario Writing()
    {
        var scenario = new Scenario(0);
        scenario.Options = scenario.Options with { MaxBatch = 10 };
        return scenario.At(1, () => scenario.Log.Write(0, Values));
    }

    private static void AssertAllIsWrittenOnce(Scenario scenario)
    {
        Assert.Equal(Scenario.Counted(Values), scenario.Log.Written(0));
        Assert.Equal(Values.Length, scenario.Log.Committed(0));
    }
}
