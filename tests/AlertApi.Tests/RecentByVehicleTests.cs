using Kappa.Iot.AlertApi.Changes;

namespace Kappa.Iot.AlertApi.Tests;

public sealed class RecentByVehicleTests
{
    [Fact]
    public void Add_OutsideTheWindow_ForgetsTheOldest()
    {
        var recent = new RecentByVehicle<int>(TimeSpan.FromSeconds(10), budget: 1000);
        recent.Add("a", 0, 1, 1);
        recent.Add("a", 5_000, 2, 1);
        recent.Add("b", 0, 9, 1);
        recent.Add("a", 12_000, 3, 1);

        Assert.Equal([2, 3], recent.Since("a", 0).Values);
        Assert.Equal([9], recent.Since("b", 0).Values);
        Assert.Equal(3, recent.Size);
    }

    [Fact]
    public void Add_OverTheBudget_ForgetsTheOldestArrivalOfAllVehicles()
    {
        var recent = new RecentByVehicle<int>(TimeSpan.FromHours(1), budget: 30);
        for (var i = 0; i < 100; i++) recent.Add(i % 2 == 0 ? "a" : "b", i, i, 10);

        Assert.Equal(30, recent.Size);
        Assert.Equal([98], recent.Since("a", 0).Values);
        Assert.Equal([97, 99], recent.Since("b", 0).Values);
    }

    [Fact]
    public void Add_LargerThanTheBudget_KeepsNothingAndGoesOn()
    {
        var recent = new RecentByVehicle<int>(TimeSpan.FromHours(1), budget: 30);
        recent.Add("a", 0, 1, 50);
        Assert.Equal(0, recent.Size);
        recent.Add("a", 1, 2, 10);
        Assert.Equal([2], recent.Since("a", 0).Values);
    }

    [Fact]
    public void Since_ACursor_GivesWhatCameAfterIt()
    {
        var recent = new RecentByVehicle<int>(TimeSpan.FromHours(1), budget: 100);
        recent.Add("a", 0, 1, 1);
        var (_, cursor) = recent.Since("a", 0);
        Assert.Empty(recent.Since("a", cursor).Values);
        recent.Add("b", 0, 9, 1);
        recent.Add("a", 1, 2, 1);
        Assert.Equal([2], recent.Since("a", cursor).Values);
    }
}
