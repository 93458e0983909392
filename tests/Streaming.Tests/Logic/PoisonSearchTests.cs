namespace Kappa.Iot.Streaming.Tests.Logic;

public sealed class PoisonSearchTests
{
    /// <summary>Wherever the poisoned ones are: they are put aside and no others, and one of n is found in about log2 n failures.</summary>
    [Fact]
    public void Whichever_records_are_poisoned_those_are_put_aside_and_no_others()
    {
        for (var count = 1; count <= 64; count++)
        {
            for (var one = 0; one < count; one++)
            {
                var (aside, failures) = Run(count, [one]);
                Assert.Equal([one], aside);
                Assert.InRange(failures, 3, 3 + (int)Math.Ceiling(Math.Log2(count)));
                for (var other = one + 1; other < count; other++) Assert.Equal([one, other], Run(count, [one, other]).Aside);
            }
        }
    }

    [Fact]
    public void What_failed_is_halved_and_what_is_left_of_it_too_until_it_is_passed()
    {
        var search = new PoisonSearch(3, 10);
        Assert.Equal((false, int.MaxValue), (search.IsOn, search.Size));
        search.Fail(100);
        Assert.Equal((true, 50), (search.IsOn, search.Size));
        search.Pass(50);
        Assert.Equal((true, 25), (search.IsOn, search.Size));
        search.Fail(25);
        Assert.Equal(13, search.Size);
        foreach (var passed in (int[])[13, 6, 3, 2, 1]) // the failure has gone away
        {
            Assert.Equal((true, passed), (search.IsOn, search.Size));
            search.Pass(passed);
        }

        Assert.Equal((false, int.MaxValue), (search.IsOn, search.Size));
    }

    [Fact]
    public void One_that_fails_is_put_aside_only_after_three_times_in_a_row()
    {
        var search = new PoisonSearch(3, 10);
        search.Fail(1);
        search.Fail(1);
        Assert.False(search.PutsAside);
        search.Interrupt(); // the commit failed, where the record did not
        search.Fail(1);
        search.Fail(1);
        Assert.False(search.PutsAside);
        search.Fail(1);
        Assert.True(search.PutsAside);
        search.Interrupt();
        Assert.True(search.PutsAside); // what is decided is decided
        search.Pass(1);
        Assert.Equal((false, false), (search.PutsAside, search.IsOn));
    }

    [Fact]
    public void After_so_many_in_a_row_none_is_put_aside_until_one_is_processed()
    {
        var search = new PoisonSearch(3, 2);
        for (var i = 0; i < 2; i++)
        {
            Fail(3);
            Assert.Equal((true, false), (search.PutsAside, search.HoldsBack));
            search.Pass(1);
        }

        Fail(2);
        Assert.Equal((false, false), (search.PutsAside, search.HoldsBack));
        Fail(100);
        Assert.Equal((false, true), (search.PutsAside, search.HoldsBack));
        search.Pass(1);
        Assert.False(search.HoldsBack);
        Fail(3);
        Assert.Equal((true, false), (search.PutsAside, search.HoldsBack));

        void Fail(int times)
        {
            for (var i = 0; i < times; i++) search.Fail(1);
        }
    }

    private static (List<int> Aside, int Failures) Run(int count, int[] poisoned)
    {
        var search = new PoisonSearch(3, 10);
        var (aside, failures, next) = (new List<int>(), 0, 0);
        while (next < count)
        {
            var size = Math.Min(search.Size, count - next);
            if (search.PutsAside)
            {
                Assert.Equal(1, size);
                aside.Add(next);
            }
            else if (poisoned.Any(one => one >= next && one < next + size))
            {
                search.Fail(size);
                Assert.True(++failures < 1_000, "It does not come to an end.");
                continue;
            }

            search.Pass(size);
            next += size;
        }

        Assert.False(search.IsOn);
        return (aside, failures);
    }
}
