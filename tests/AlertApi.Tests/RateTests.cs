using Kappa.Iot.AlertApi.Fleet;
using Microsoft.Extensions.Time.Testing;

namespace Kappa.Iot.AlertApi.Tests;

public sealed class RateTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void PerSecond_IsTheMeanOfTheLastTenFullSeconds()
    {
        var rate = new Rate(_time);
        for (var second = 0; second < 30; second++)
        {
            rate.Add(second < 20 ? 1000 : 5);
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(5, rate.PerSecond);
    }

    [Fact]
    public void PerSecond_SoonAfterTheStart_CountsTheSecondsThatPassed()
    {
        var rate = new Rate(_time);
        Assert.Equal(0, rate.PerSecond);
        rate.Add(10);
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(5, rate.PerSecond);
    }

    [Fact]
    public void PerSecond_AfterAPause_IsZero()
    {
        var rate = new Rate(_time);
        rate.Add(500);
        _time.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(0, rate.PerSecond);
    }
}
