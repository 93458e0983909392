using Confluent.Kafka;
using Kappa.Iot.Streaming.Tests.Fakes;

namespace Kappa.Iot.Streaming.Tests.Logic;

public sealed class BatchConsumerLogicTests
{
    private static readonly string[] Values = [.. Enumerable.Range(0, 25).Select(i => $"{i}")];

    [Fact]
    public void A_batch_is_closed_by_its_size_and_what_is_left_over_by_the_time_since_its_first_record()
    {
        using var scenario = new BatchScenario(0);
        scenario.Options = scenario.Options with { MaxBatch = 10, MaxWait = TimeSpan.FromMilliseconds(300) };
        scenario.At(1, () => scenario.Log.Write(0, Values)).At(1.25, () => scenario.Log.Write(0, "late")).Run(5);

        Assert.Equal([Values[..10], Values[10..20], [.. Values[20..], "late"]], scenario.Batches.Select(batch => batch.Values));
        Assert.Equal([0, 0, 300], scenario.Batches.Select(batch => (int)Math.Round((batch.At - scenario.Batches[0].At).TotalMilliseconds)));
        Assert.Equal(26, scenario.Log.Committed(0));
    }

    [Fact]
    public void A_handler_that_throws_gets_the_same_batch_again_after_growing_pauses_and_nothing_is_committed_meanwhile()
    {
        using var scenario = new BatchScenario(0);
        scenario.Options = scenario.Options with { MaxBatch = 10 };
        var failures = 0;
        var committed = new List<long?>();
        scenario.OnHandle = () =>
        {
            committed.Add(scenario.Log.Committed(0));
            if (scenario.Log.Committed(0) == 10 && failures++ < 6) throw new IOException("The store is away.");
        };
        scenario.At(1, () => scenario.Log.Write(0, Values)).Run(60);

        Assert.Equal([Values[..10], .. Enumerable.Repeat(Values[10..20], 7), Values[20..]], scenario.Batches.Select(batch => batch.Values));
        Assert.Equal([null, .. Enumerable.Repeat<long?>(10, 7), 20], committed);
        Assert.Equal(6, scenario.Clock.Pauses.Count);
        Assert.All(scenario.Clock.Pauses.Zip(scenario.Clock.Pauses.Skip(1)), pair => Assert.True(pair.Second > pair.First, $"{pair.Second} after {pair.First}"));
        Assert.Equal(25, scenario.Log.Committed(0));
    }

    [Fact]
    public void Restart_asks_anew_where_to_begin_and_the_batch_at_hand_is_not_committed()
    {
        using var scenario = new BatchScenario(0);
        var begin = new Queue<long>([5, 2]);
        scenario.Options = scenario.Options with { StartAt = (partitions, _) => partitions.ToDictionary(partition => partition, _ => begin.Dequeue()) };
        long? committed = -1;
        scenario.OnHandle = () =>
        {
            if (scenario.Batches.Count == 1) scenario.Consumer!.Restart();
            else committed = scenario.Log.Committed(0);
        };
        scenario.Log.Write(0, Values);
        scenario.Run(5);

        Assert.Equal([Values[5..], Values[2..]], scenario.Batches.Select(batch => batch.Values));
        Assert.Null(committed);
        Assert.Equal(2, scenario.Log.Consumers);
        Assert.Equal(25, scenario.Log.Committed(0));
    }

    [Fact]
    public void What_was_collected_of_a_revoked_partition_is_not_handled()
    {
        using var scenario = new BatchScenario(0, 1);
        scenario.Options = scenario.Options with { MaxWait = TimeSpan.FromSeconds(10) };
        scenario.At(1, () =>
        {
            scenario.Log.Write(0, "a", "b");
            scenario.Log.Write(1, "c", "d");
        }).At(2, () => scenario.Log.Revoke(1)).Run(30);

        Assert.Equal([["a", "b"]], scenario.Batches.Select(batch => batch.Values));
        Assert.Null(scenario.Log.Committed(1));
    }

    [Fact]
    public void A_commit_that_fails_is_made_good_by_the_next()
    {
        using var scenario = new BatchScenario(0);
        scenario.At(1, () =>
        {
            scenario.Log.Fail(Step.Commit, Failure.Away);
            scenario.Log.Write(0, "a");
        }).At(2, () =>
        {
            Assert.Null(scenario.Log.Committed(0));
            scenario.Log.Write(0, "b");
        }).Run(3);

        Assert.Equal([["a"], ["b"]], scenario.Batches.Select(batch => batch.Values));
        Assert.Equal(2, scenario.Log.Committed(0));
    }

    [Theory]
    [InlineData(AutoOffsetReset.Earliest, "a b")]
    [InlineData(AutoOffsetReset.Latest, "b")]
    public void A_group_that_has_never_committed_starts_where_its_options_say(AutoOffsetReset start, string handled)
    {
        using var scenario = new BatchScenario(0);
        scenario.Options = scenario.Options with { Start = start };
        scenario.Log.Write(0, "a");
        scenario.At(1, () => scenario.Log.Write(0, "b")).Run(2);

        Assert.Equal(handled.Split(' '), scenario.Batches.SelectMany(batch => batch.Values));
    }
}
