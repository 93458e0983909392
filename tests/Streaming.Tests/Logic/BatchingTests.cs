using Kappa.Iot.Streaming.Tests.Fakes;

namespace Kappa.Iot.Streaming.Tests.Logic;

public sealed class BatchingTests
{
    private static readonly string[] Records = [.. Enumerable.Range(0, 250).Select(i => $"{i}")];

    [Fact]
    public void A_batch_is_closed_by_its_size_and_what_is_left_over_by_time()
    {
        using var scenario = new Scenario(0);
        scenario.Options = scenario.Options with { MaxBatch = 100 };
        scenario.At(1, () => scenario.Log.Write(0, Records)).Run(5);

        Assert.Equal([100, 100, 50], scenario.Batches.Select(batch => batch.Values.Length));
        Assert.Equal(scenario.Batches[0].At, scenario.Batches[1].At); // a full one does not wait
        Assert.Equal(scenario.Options.MaxWait, scenario.Batches[2].At - scenario.Batches[1].At);
        Assert.Equal(Scenario.Counted(Records), scenario.Log.Written(0));
    }

    [Fact]
    public void A_steady_trickle_is_handed_over_every_MaxWait()
    {
        using var scenario = new Scenario(0);
        scenario.Options = scenario.Options with { MaxWait = TimeSpan.FromMilliseconds(200) };
        for (var i = 0; i < Records.Length; i++)
        {
            var value = Records[i];
            scenario.At(1 + i * 0.01, () => scenario.Log.Write(0, value));
        }

        scenario.Run(5);

        Assert.All(scenario.Batches.Zip(scenario.Batches.Skip(1)), pair => Assert.Equal(200, (pair.Second.At - pair.First.At).TotalMilliseconds));
        Assert.All(scenario.Batches.Skip(1).SkipLast(1), batch => Assert.Equal(20, batch.Values.Length));
        Assert.Equal(Scenario.Counted(Records), scenario.Log.Written(0));
    }

    [Fact]
    public void Partitions_are_processed_at_the_same_time_and_each_in_its_order()
    {
        using var scenario = new Scenario(0, 1);
        scenario.Options = scenario.Options with { Parallelism = 2, MaxBatch = 20 };
        using var together = new Barrier(2);
        var alone = 0;
        scenario.OnProcess = _ =>
        {
            if (alone == 0 && !together.SignalAndWait(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken)) Interlocked.Increment(ref alone);
        };
        scenario.At(1, () =>
        {
            for (var i = 0; i < 20; i++) foreach (var partition in (int[])[0, 1]) scenario.Log.Write(partition, $"{i}");
        }).Run(2);

        Assert.Equal(0, alone);
        Assert.All([0, 1], partition => Assert.Equal(Scenario.Counted(Enumerable.Range(0, 20).Select(i => $"{i}")), scenario.Log.Written(partition)));
    }
}
