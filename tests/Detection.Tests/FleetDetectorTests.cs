namespace Kappa.Iot.Detection.Tests;

/// <summary>Figures are those that the tests and samples of dotnet/machinelearning publish for DetectIidSpike and DetectIidChangePoint.</summary>
public sealed class FleetDetectorTests
{
    /// <summary>TimeSeriesSimpleApiTests.SpikeDetection.</summary>
    [Fact]
    public void Take_OneHighValue_IsTheSpikeOfThePublishedBaseline()
    {
        var detector = new SpikeDetector(confidence: 80, history: 2);
        var found = new float[] { 5, 5, 5, 5, 5, 10, 5, 5, 5, 5 }.Select(detector.Take).ToList();
        Assert.Equal([false, false, false, false, false, true, false, false, false, false], found.Select(f => f.IsSpike));
        double[] expected = [0.5, 0.5, 0.5, 0.5, 0.5, 0, 0.261375, 0.261375, 0.5, 0.5];
        for (var i = 0; i < expected.Length; i++) Assert.Equal(expected[i], found[i].PValue, 6);
    }

    /// <summary>TimeSeriesDirectApi.ChangeDetection.</summary>
    [Fact]
    public void Take_EqualValues_GiveThePublishedMartingale()
    {
        var detector = new ChangePointDetector(confidence: 80, history: 10);
        (double P, double Martingale)[] expected = [(0.5, 5.1200000000000114E-08), (0.4999999995, 5.1200000046080209E-08), (0.4999999995, 5.1200000092160303E-08), (0.4999999995, 5.12000001382404E-08)];
        foreach (var (p, martingale) in expected)
        {
            var found = detector.Take(5);
            Assert.False(found.IsChange);
            Assert.Equal(p, found.PValue, 12);
            Assert.Equal(1, found.Martingale / martingale, 9);
        }
    }

    /// <summary>The sample DetectIidChangePoint.</summary>
    [Fact]
    public void Take_ValuesThatStayHigher_IsOneChangePoint()
    {
        var detector = new ChangePointDetector(confidence: 95, history: 4);
        var found = Enumerable.Repeat(5f, 8).Concat(Enumerable.Repeat(7f, 8)).Select(detector.Take).ToList();
        Assert.Equal(8, found.FindIndex(f => f.IsChange));
        Assert.Single(found, f => f.IsChange);
        double[] martingales = [10298.67, 33950.16, 60866.34, 78362.04];
        for (var i = 0; i < 4; i++) Assert.Equal(martingales[i], found[8 + i].Martingale, 2);
    }

    /// <summary>The first rows of the baseline SavePipeIidChangePoint, by mixture.</summary>
    [Fact]
    public void Take_ByMixture_GivesThePublishedMartingale()
    {
        var detector = new ChangePointDetector(confidence: 83, history: 100, Martingale.Mixture);
        (float Value, double P, double Martingale)[] rows =
        [
            (1123, 0.5, 3.37224863E-20), (1333, 1E-08, 1.55606949E-14), (4322, 1E-08, 7.18022974E-09), (5678, 0.0596862175, 1.83047266E-08),
            (7277.5f, 0.06804853, 4.367963E-08), (8942.9f, 0.07229354, 1.0113606E-07), (10608.3f, 0.07748185, 2.26291036E-07),
        ];
        foreach (var (value, p, martingale) in rows)
        {
            var found = detector.Take(value);
            Assert.Equal(p, found.PValue, tolerance: 1e-7); // published in single precision
            Assert.Equal(1, found.Martingale / martingale, 5);
        }
    }
}
