using Confluent.Kafka;
using Kappa.Iot.Streaming.Tests.Fakes;

namespace Kappa.Iot.Streaming.Tests.Logic;

/// <summary>Where it starts, what is restored for that, and where it ends.</summary>
public sealed class StartTests
{
    [Theory]
    [InlineData(AutoOffsetReset.Earliest, 0, "a:1 b:2 c:3")]
    [InlineData(AutoOffsetReset.Latest, 2, "c:1")]
    public void A_group_that_has_never_committed_starts_where_its_options_say(AutoOffsetReset start, int first, string written)
    {
        using var scenario = new Scenario(0);
        scenario.Options = scenario.Options with { Start = start };
        scenario.Log.Write(0, "a", "b");
        scenario.At(1, () => scenario.Log.Write(0, "c")).Run(2);

        Assert.Equal(first, Assert.Single(scenario.Restores).Next[0]);
        Assert.Equal(written.Split(' '), scenario.Log.Written(0));
    }

    [Fact]
    public void A_group_goes_on_where_it_committed()
    {
        using var scenario = new Scenario(0);
        scenario.Log.Write(0, "a", "b", "c");
        scenario.Log.Commit(new TopicPartitionOffset(FakeLog.Input, 0, 2));
        scenario.Run(1);

        Assert.Equal(["c:1"], scenario.Log.Written(0));
    }

    [Fact]
    public void A_restore_that_fails_is_tried_again_with_growing_pauses()
    {
        using var scenario = new Scenario(0);
        var failures = 0;
        scenario.OnRestore = (_, _) => ++failures <= 5 ? Task.FromException(new IOException("The state cannot be read.")) : Task.CompletedTask;
        scenario.Log.Write(0, "a", "b");
        scenario.Run(20);

        Assert.Equal(6, scenario.Restores.Count);
        var pauses = scenario.Restores.Zip(scenario.Restores.Skip(1), (one, two) => two.At - one.At).ToList();
        Assert.All(pauses.Zip(pauses.Skip(1)), pair => Assert.True(pair.Second > pair.First, $"{pair.Second} after {pair.First}"));
        Assert.Equal(5, scenario.Warnings.Count(text => text.Contains("restoring 1 partitions failed", StringComparison.Ordinal)));
        Assert.Equal(["a:1", "b:2"], scenario.Log.Written(0));
    }

    [Fact]
    public void What_is_being_restored_is_held_back_while_other_partitions_go_on()
    {
        using var scenario = new Scenario(0);
        var restored = new TaskCompletionSource();
        scenario.OnRestore = (partitions, _) => partitions.Contains(1) ? restored.Task : Task.CompletedTask;
        var values = Enumerable.Range(0, 1_000).Select(i => $"{i}").ToList();
        int[] held = [];
        scenario.At(1, () => scenario.Log.Assign(1))
            .At(2, () => { scenario.Log.Write(0, values); scenario.Log.Write(1, values); })
            .At(5, () =>
            {
                held = [.. scenario.Log.Reader!.Paused];
                Assert.Equal(Scenario.Counted(values), scenario.Log.Written(0));
                Assert.Equal(1, scenario.Log.Taken[1]); // the rest stays in the log
                restored.SetResult();
            }).Run(6);

        Assert.Equal([1], held);
        Assert.Equal(Scenario.Counted(values), scenario.Log.Written(1));
    }

    [Fact]
    public void Bounds_are_read_to_their_ends_and_the_ends_are_committed()
    {
        using var scenario = new Scenario(0, 1, 2);
        scenario.Log.Write(0, "a", "b", "c", "d", "e");
        scenario.Log.WriteInTransaction(1, commit: true, "a", "b"); // its mark has offset 2
        scenario.Log.Write(2, "a");
        scenario.Options = scenario.Options with
        {
            Bounds = new LogRange[] { new(new TopicPartition(FakeLog.Input, 0), 1, 4), new(new TopicPartition(FakeLog.Input, 1), 0, 3) }.ToDictionary(range => range.Partition),
        };
        scenario.Run(2);

        Assert.Equal(["b:1", "c:2", "d:3"], scenario.Log.Written(0));
        Assert.Equal(["a:1", "b:2"], scenario.Log.Written(1));
        Assert.Empty(scenario.Log.Written(2));
        Assert.Equal([4, 3, null], new[] { 0, 1, 2 }.Select(scenario.Log.Committed));
    }
}
