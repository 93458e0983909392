using Kappa.Iot.Detection.Training;

namespace Kappa.Iot.Detection.Tests;

public sealed class CalibrationTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(50)]
    public void Threshold_RaisesNoMoreThanAllowed_AndIsTheLowest(int allowed)
    {
        var random = new Random(3);
        var fused = Enumerable.Range(0, 20_000).Select(_ => (float)-Math.Log10(random.NextDouble())).ToArray();
        var gaps = Enumerable.Range(0, fused.Length).Select(i => i % 360 == 0 ? -1 : 0).ToArray();
        var (threshold, alerts) = Calibration.Threshold(fused, gaps, allowed);
        Assert.Equal(allowed, alerts);
        Assert.True(Calibration.AlertsAt(fused, gaps, threshold * 0.9f) > allowed);
    }

    [Theory]
    [InlineData(0.1, 50, 4)]
    [InlineData(0.1, 8, 0)]
    [InlineData(1, 10, 9)]
    public void Allowed_LeavesRoomForTheNextAlert(double perHour, double hours, double alerts) => Assert.Equal(alerts, Calibration.Allowed(perHour, hours), 1e-9);

    [Fact]
    public void Threshold_OneAlertThatNeverEnds_IsNotTakenForFew()
    {
        // All but the first steps lie high: a threshold below them would raise one alert only, and leave it open.
        var evidence = Enumerable.Range(0, 1000).Select(i => i < 100 ? -5f : 1 + i * 1e-4f).ToArray();
        var (threshold, _) = Calibration.Threshold(evidence, new int[1000], 1);
        Assert.InRange(threshold, 1.05f, 1.2f);
    }

    [Fact]
    public void Score_AtTheThreshold_IsAHalf_AndRisesWithTheEvidence()
    {
        Assert.Equal(0.5f, Fusion.Score(4.2f, 4.2f));
        Assert.Equal(0.5f, Fusion.Score(-3, -3));
        var before = 0f;
        for (var evidence = -30f; evidence <= 30; evidence += 0.25f)
        {
            var score = Fusion.Score(evidence, 4.2f);
            Assert.True(score > before && score < 1);
            before = score;
        }
    }

    [Fact]
    public void Combine_AddsTheSignalsEvidenceAndLeavesWhatIsAboveNormal()
    {
        float[] heads = [-2, 3, 0];
        var evidence = Fusion.Combine(1, heads, [-3, 1, -1]);
        Assert.Equal([1f, 2f, 1f], heads);
        Assert.Equal(1 + 0.5 * Math.Log(Math.Exp(-2) + Math.Exp(3) + 1) + 0.5 * 2, evidence, 1e-5);
    }
}
