using FsCheck;
using FsCheck.Fluent;
using Kappa.Iot.Contracts;

namespace Kappa.Iot.Detection.Tests;

public sealed class VehicleWindowTests
{
    private static readonly WindowShape Shape = new([SyntheticFleet.Speed, SyntheticFleet.Coolant]);

    [Fact]
    [Trait("Invariant", "3")]
    public void However_samples_are_cut_into_batches_the_steps_are_the_same()
    {
        var samples = SyntheticFleet.Drive(1, 40);
        var whole = Steps(samples);
        Prop.ForAll(Gen.Choose(0, 10_000).ToArbitrary(), seed => Assert.Equal(whole, Steps(Cut(samples, new Random(seed)))))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(50));
    }

    [Theory]
    [InlineData(100, 100)]
    [InlineData(1000, 10)]
    [InlineData(5000, 2)]
    [InlineData(10_000, 1)]
    public void Advance_AnyInterval_MakesAStepOfTenSeconds(int intervalMs, int samplesAStep)
    {
        var window = new VehicleWindow(Shape);
        var batch = Batch(SyntheticFleet.StartMs, intervalMs, [.. Enumerable.Range(0, samplesAStep * 3).Select(i => (float)(i / samplesAStep))]);
        List<float> means = [];
        for (var position = 0; window.Advance(batch, ref position);) means.Add(window.Inputs.Last(0));
        Assert.Equal([0, 1, 2], means);
    }

    [Fact]
    public void Advance_ClockThatWavers_KeepsStepsWithBatches()
    {
        var window = new VehicleWindow(Shape);
        var random = new Random(1);
        for (var b = 0; b < 50; b++)
        {
            var batch = Batch(SyntheticFleet.StartMs + b * 10_000 + (b == 0 ? 0 : random.Next(-400, 400)), 1000, [.. Enumerable.Repeat((float)b, 10)]);
            var position = 0;
            Assert.True(window.Advance(batch, ref position));
            Assert.Equal(b, window.Inputs.Last(0));
            Assert.False(window.Advance(batch, ref position));
        }
    }

    [Fact]
    public void Advance_AfterALongGap_StartsAnew()
    {
        var window = new VehicleWindow(Shape);
        Fold(window, Batch(SyntheticFleet.StartMs, 1000, [.. Enumerable.Repeat(5f, 40)]));
        Assert.Equal(4, window.Age);
        Fold(window, Batch(SyntheticFleet.StartMs + 40_000 + VehicleWindow.GapMs, 1000, [.. Enumerable.Repeat(9f, 10)]));
        Assert.Equal(1, window.Age);
        Assert.Equal(9, window.Inputs.LongMean(0, out _));
    }

    [Fact]
    public void Advance_AfterAShortGap_LeavesTheMissingStepsEmpty()
    {
        var window = new VehicleWindow(Shape);
        Fold(window, Batch(SyntheticFleet.StartMs, 1000, [.. Enumerable.Repeat(5f, 10)]));
        Fold(window, Batch(SyntheticFleet.StartMs + 40_000, 1000, [.. Enumerable.Repeat(9f, 10)]));
        Assert.Equal(3, window.GapBefore);
        Assert.Equal(9, window.Inputs.Mean(0, 4, out var recent));
        Assert.Equal(1, recent);
        Assert.Equal(7, window.Inputs.Mean(0, 5, out var both));
        Assert.Equal(2, both);
    }

    [Fact]
    public void Advance_NaNAndInfinity_AreMissing()
    {
        var window = new VehicleWindow(Shape);
        Fold(window, Batch(SyntheticFleet.StartMs, 1000, [float.NaN, 2, float.PositiveInfinity, 4, float.NaN, float.NaN, float.NegativeInfinity, float.NaN, float.NaN, float.NaN]));
        Assert.Equal(3, window.Inputs.Last(0));
        Assert.True(float.IsNaN(window.Inputs.Last(1)));
    }

    [Fact]
    public void Advance_TimesAtTheEdgeOfWhatANumberHolds_DoNotThrow()
    {
        var window = new VehicleWindow(Shape);
        foreach (var time in new[] { 0, long.MaxValue - 5, long.MinValue, SyntheticFleet.StartMs, long.MaxValue }) Fold(window, Batch(time, uint.MaxValue, [1, 2, 3]));
        Assert.True(window.Age > 0);
    }

    [Fact]
    public void PastMean_LeavesOutTheLastMinute()
    {
        var rings = new StepRings(1);
        for (var step = 0; step < 36; step++) rings.Push([step < 30 ? 1 : 100]);
        Assert.Equal(1, rings.PastMean(0, out var blocks));
        Assert.Equal(4, blocks);
        Assert.Equal(100, rings.Mean(0, 6, out _));
        Assert.Equal((4 * 1 + 100) / 5f, rings.LongMean(0, out var count), 3);
        Assert.Equal(30, count);
    }

    private static void Fold(VehicleWindow window, TelemetryBatch batch)
    {
        for (var position = 0; window.Advance(batch, ref position);) window.Residuals.PushEmpty(1);
    }

    private static List<(float, float, float)> Steps(IEnumerable<TelemetryBatch> batches)
    {
        var window = new VehicleWindow(Shape);
        List<(float, float, float)> steps = [];
        foreach (var batch in batches)
        {
            for (var position = 0; window.Advance(batch, ref position);) steps.Add((window.Inputs.Last(0), window.Inputs.Mean(1, 6, out _), window.Inputs.LongMean(1, out _)));
        }
        return steps;
    }

    private static List<TelemetryBatch> Cut(List<TelemetryBatch> batches, Random random)
    {
        var all = batches.SelectMany(b => Enumerable.Range(0, 10).Select(i => (Time: b.StartTimeMs + i * 1000, Values: b.Columns.Select(c => (c.Signal, Value: c.Values[i])).ToList()))).ToList();
        List<TelemetryBatch> cut = [];
        for (var at = 0; at < all.Count;)
        {
            var length = Math.Min(random.Next(1, 45), all.Count - at);
            var batch = new TelemetryBatch { Vin = "V", Sequence = (ulong)cut.Count + 1, StartTimeMs = all[at].Time, SampleIntervalMs = 1000 };
            batch.Columns.AddRange(all[at].Values.Select(v => new SignalColumn { Signal = v.Signal }));
            foreach (var sample in all.Skip(at).Take(length))
            {
                for (var c = 0; c < batch.Columns.Count; c++) batch.Columns[c].Values.Add(sample.Values[c].Value);
            }
            cut.Add(batch);
            at += length;
        }
        return cut;
    }

    private static TelemetryBatch Batch(long startMs, long intervalMs, float[] speed)
    {
        var batch = new TelemetryBatch { Vin = "V", StartTimeMs = startMs, SampleIntervalMs = (uint)intervalMs };
        batch.Columns.Add(new SignalColumn { Signal = SyntheticFleet.Speed, Values = { speed } });
        return batch;
    }
}
