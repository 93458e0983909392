using Kappa.Iot.Detection.Training;

namespace Kappa.Iot.Detection.Tests;

public sealed class CalibrationTests
{
    [Fact]
    public void Rarity_OfNormalData_IsTheShareBeyond()
    {
        var random = new Random(1);
        var sizes = Enumerable.Range(0, 200_000).Select(_ => (float)-Math.Log(random.NextDouble())).ToList();
        var table = TailTable.Measure(sizes)!;
        foreach (var size in new[] { 1f, 3f, 5f, 8f, 20f }) Assert.Equal(size / Math.Log(10), table.Rarity(size), size * 0.05);
        Assert.Equal(TailTable.MaxRarity, table.Rarity(1e9f));
        Assert.Equal(0, table.Rarity(0));
    }

    [Fact]
    public void Rarity_NeverFallsAsSizeGrows()
    {
        var random = new Random(2);
        var table = TailTable.Measure([.. Enumerable.Range(0, 5_000).Select(_ => (float)random.Next(10))])!;
        var before = 0f;
        for (var size = 0f; size < 30; size += 0.01f)
        {
            Assert.True(table.Rarity(size) >= before);
            before = table.Rarity(size);
        }
    }

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

    [Fact]
    public void Fuse_KeepsTheRarestInOrder()
    {
        Span<int> top = stackalloc int[3];
        var fused = Evidence.Fuse([1, 5, float.NaN, 3, 2, 4], top, out var count);
        Assert.Equal(3, count);
        Assert.Equal([1, 5, 3], top.ToArray());
        Assert.Equal(Math.Pow(625 + 256 + 81, 0.25), fused, 1e-4);
        Assert.True(float.IsNaN(Evidence.Fuse([float.NaN], top, out _)));
    }

    [Fact]
    public void Score_AtTheThreshold_IsAHalf()
    {
        Assert.Equal(0.5f, Evidence.Score(4.2f, 4.2f));
        Assert.Equal(0f, Evidence.Score(0, 4.2f));
        Assert.InRange(Evidence.Score(1000, 4.2f), 0.999f, 1f);
    }
}
