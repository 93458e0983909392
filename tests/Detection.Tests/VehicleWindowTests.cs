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
        for (var position = 0; window.Advance(batch, ref position);) means.Add(window.Mean(0));
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
            Assert.Equal(b, window.Mean(0));
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
        Assert.Equal([9f, 9f, 9f], window.Inputs.Of(0).ToArray());
    }

    [Fact]
    public void Advance_AfterAShortGap_KeepsTheMeans()
    {
        var window = new VehicleWindow(Shape);
        Fold(window, Batch(SyntheticFleet.StartMs, 1000, [.. Enumerable.Repeat(5f, 10)]));
        Fold(window, Batch(SyntheticFleet.StartMs + 40_000, 1000, [.. Enumerable.Repeat(9f, 10)]));
        Assert.Equal(3, window.GapBefore);
        Assert.Equal(2, window.Age);
        Assert.Equal([7f, 7f, 7f], window.Inputs.Of(0).ToArray());
    }

    [Fact]
    public void Advance_NaNAndInfinity_AreMissing()
    {
        var window = new VehicleWindow(Shape);
        Fold(window, Batch(SyntheticFleet.StartMs, 1000, [float.NaN, 2, float.PositiveInfinity, 4, float.NaN, float.NaN, float.NegativeInfinity, float.NaN, float.NaN, float.NaN]));
        Assert.Equal(3, window.Mean(0));
        Assert.True(float.IsNaN(window.Mean(1)));
    }

    [Fact]
    public void Advance_TimesAtTheEdgeOfWhatANumberHolds_DoNotThrow()
    {
        var window = new VehicleWindow(Shape);
        foreach (var time in new[] { 0, long.MaxValue - 5, long.MinValue, SyntheticFleet.StartMs, long.MaxValue }) Fold(window, Batch(time, uint.MaxValue, [1, 2, 3]));
        Assert.True(window.Age > 0);
    }

    [Fact]
    public void Means_OfASpan_FollowAChangeAsFastAsTheSpanIsShort()
    {
        var means = new RecentMeans(1, [1, 6, 30]);
        for (var step = 0; step < 60; step++) means.Push(0, step < 30 ? 0 : 100);
        var after = means.Of(0).ToArray();
        Assert.Equal(100, after[0]);
        Assert.InRange(after[1], 99.9, 100);
        Assert.InRange(after[2], 80, 90);
    }

    [Fact]
    public void Means_AtTheStart_AreThoseOfAllValues()
    {
        var means = new RecentMeans(2, [1, 6, 30]);
        foreach (var value in new[] { 1f, 2, 6 }) means.Push(1, value);
        Assert.Equal(6, means.Of(1)[0]);
        Assert.Equal(3, means.Of(1)[1], 1e-5);
        Assert.Equal(3, means.Of(1)[2], 1e-5);
        Assert.False(means.Has(0));
    }

    [Fact]
    public void Means_AfterTooManyEmptySteps_AreForgotten()
    {
        var means = new RecentMeans(1, [6]);
        means.Push(0, 7);
        means.Skip(0, RecentMeans.Reach - 1);
        Assert.Equal(7, means.Of(0)[0]);
        means.Push(0, float.NaN);
        Assert.False(means.Has(0));
        means.Push(0, 3);
        Assert.Equal(3, means.Of(0)[0]);
    }

    [Fact]
    public void Samples_finer_than_the_sensor_are_rounded_to_its_scale_and_changes_are_counted_by_it()
    {
        var sums = new SampleSums([1]);
        foreach (var (value, second) in new[] { 5.1f, 5.3f, 4.9f, 7.2f }.Select((v, i) => (v, i))) sums.Add(0, value, second * 1000, 1000);
        Assert.Equal(2, sums.StillFor(0, 5000));
        sums.Close(0, out var mean, out var change);
        Assert.Equal(5.5f, mean);
        Assert.Equal(2 / 3f, change, 1e-6);
        sums.Add(0, 20, 6000, 1000); // over a hole: no change is counted
        sums.Close(0, out mean, out change);
        Assert.True(mean == 20 && float.IsNaN(change));
        sums.Close(0, out mean, out change);
        Assert.True(float.IsNaN(mean) && float.IsNaN(change));
    }

    private static void Fold(VehicleWindow window, TelemetryBatch batch)
    {
        for (var position = 0; window.Advance(batch, ref position);) window.PushResidual(0, 1);
    }

    private static List<(float, float, float)> Steps(IEnumerable<TelemetryBatch> batches)
    {
        var window = new VehicleWindow(Shape);
        List<(float, float, float)> steps = [];
        foreach (var batch in batches)
        {
            for (var position = 0; window.Advance(batch, ref position);) steps.Add((window.Mean(0), window.Inputs.Of(1)[0], window.Activity.Of(1)[1]));
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
