using Kappa.Iot.Contracts;
using Kappa.Iot.Demo.Counting;

namespace Kappa.Iot.Demo.Tests;

public sealed class AlertJudgeTests
{
    private static readonly long Begin = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();

    [Fact]
    public void Judge_AlertWhileTheFaultLasts_IsADetection()
    {
        var verdict = AlertJudge.Judge([Alert("A", Begin + 30_000)], [Fault("A", Begin, null), Fault("B", Begin, null)]);

        Assert.Equal((1, 0), (verdict.FaultsDetected, verdict.FalseAlerts));
    }

    [Theory]
    [InlineData("B", 30)] // another vehicle
    [InlineData("A", -60)] // before the fault
    [InlineData("A", 3600)] // long after its repair
    public void Judge_AlertWithoutAFault_IsFalse(string vin, int second)
    {
        var verdict = AlertJudge.Judge([Alert(vin, Begin + second * 1000)], [Fault("A", Begin, Begin + 300_000)]);

        Assert.Equal((0, 1), (verdict.FaultsDetected, verdict.FalseAlerts));
    }

    private static Alert Alert(string vin, long raisedAt) => new() { AlertId = $"{vin}-{raisedAt}", Vin = vin, RaisedAtMs = raisedAt, WrittenAtMs = raisedAt + 500 };

    private static InjectedFault Fault(string vin, long from, long? to) => new(vin, "tyre-leak", from, to, Severity: 1);
}
