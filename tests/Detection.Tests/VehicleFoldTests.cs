using FsCheck;
using FsCheck.Fluent;
using Google.Protobuf;
using Kappa.Iot.Contracts;

namespace Kappa.Iot.Detection.Tests;

public sealed class VehicleFoldTests
{
    private static readonly IDetector Detector = TrainedModel.Detector;

    [Fact]
    [Trait("Invariant", "5")]
    public void A_fold_that_is_saved_and_restored_anywhere_goes_on_bit_for_bit()
    {
        // Faulty, with holes, duplicates and late batches, cut at two drawn places.
        Prop.ForAll(Gen.Choose(0, 10_000).ToArbitrary(), seed =>
        {
            var random = new Random(seed);
            var way = Disturb(SyntheticFleet.Drive(seed % 50, 60, Overheat(150)), random);
            int first = random.Next(way.Count), second = random.Next(way.Count);
            var never = new VehicleFold(way[0].Vin);
            var often = new VehicleFold(way[0].Vin);
            for (var i = 0; i < way.Count; i++)
            {
                var one = never.Apply(Detector, way[i], 3, i);
                var other = often.Apply(Detector, way[i], 3, i);
                Assert.Equal(one.Outcome, other.Outcome);
                Assert.Equal(one.Missed, other.Missed);
                Assert.Equal(one.Score?.ToByteArray(), other.Score?.ToByteArray());
                Assert.Equal(one.Alerts.Select(a => a.ToByteString()), other.Alerts.Select(a => a.ToByteString()));
                if (i == first || i == second) often = VehicleFold.Restore(way[0].Vin, often.Save());
            }
            Assert.Equal(never.Save(), often.Save());
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(30));
    }

    [Fact]
    public void A_fold_is_a_few_kilobytes()
    {
        var fold = new VehicleFold("TEST001");
        foreach (var batch in SyntheticFleet.Drive(1, 100)) fold.Apply(Detector, batch, 0, 0);
        Assert.InRange(fold.Save().Length, 100, 4096);
    }

    [Fact]
    [Trait("Invariant", "7")]
    public void Apply_SameBootAndSequenceAgain_HasNoEffect()
    {
        var way = SyntheticFleet.Drive(1, 20);
        var fold = Folded(way);
        var before = fold.Save();
        foreach (var batch in way)
        {
            var result = fold.Apply(Detector, batch, 0, 99);
            Assert.Equal(FoldOutcome.Duplicate, result.Outcome);
            Assert.Null(result.Score);
        }
        Assert.Equal(before, fold.Save());
    }

    [Fact]
    [Trait("Invariant", "7")]
    public void Apply_BatchOfAnEarlierBoot_IsLateAndHasNoEffect()
    {
        var way = SyntheticFleet.Drive(1, 20);
        foreach (var batch in way) batch.BootId = 5;
        var fold = Folded(way);
        var before = fold.Save();
        var old = SyntheticFleet.Drive(1, 40)[30];
        Assert.Equal(FoldOutcome.Late, fold.Apply(Detector, old, 0, 99).Outcome);
        Assert.Equal(before, fold.Save());
    }

    [Fact]
    public void Apply_HigherBoot_StartsTheWindowAnew()
    {
        var fold = Folded(SyntheticFleet.Drive(1, 40));
        var next = SyntheticFleet.Drive(1, 60).Skip(40).Take(10).ToList();
        for (var i = 0; i < next.Count; i++)
        {
            next[i].BootId = 2;
            next[i].Sequence = (ulong)i + 1;
        }
        var fresh = new VehicleFold("TEST001");
        for (var i = 0; i < next.Count; i++)
            Assert.Equal(fresh.Apply(Detector, next[i], 0, i).Score!.ToByteArray(), fold.Apply(Detector, next[i], 0, i).Score!.ToByteArray());
    }

    [Fact]
    public void Apply_SequenceWithAHole_CountsWhatIsMissing()
    {
        var way = SyntheticFleet.Drive(1, 20);
        var fold = Folded(way[..10]);
        var result = fold.Apply(Detector, way[14], 0, 1);
        Assert.Equal(FoldOutcome.Scored, result.Outcome);
        Assert.Equal(4UL, result.Missed);
    }

    [Fact]
    public void Apply_WithoutADetector_TakesNoteOfTheBatch()
    {
        var way = SyntheticFleet.Drive(1, 2);
        var fold = new VehicleFold("TEST001");
        Assert.Equal(FoldOutcome.Unscored, fold.Apply(null, way[0], 0, 0).Outcome);
        Assert.Equal(FoldOutcome.Duplicate, fold.Apply(Detector, way[0], 0, 1).Outcome);
        Assert.Equal(FoldOutcome.Scored, fold.Apply(Detector, way[1], 0, 2).Outcome);
    }

    [Fact]
    public void Apply_BatchOfAnotherVehicle_Throws() =>
        Assert.Throws<ArgumentException>(() => new VehicleFold("OTHER").Apply(Detector, SyntheticFleet.Drive(1, 1)[0], 0, 0));

    [Fact]
    public void Restore_DamagedSnapshot_SaysSo()
    {
        var snapshot = Folded(SyntheticFleet.Drive(1, 20)).Save();
        Assert.Throws<InvalidDataException>(() => VehicleFold.Restore("TEST001", snapshot.AsSpan(0, snapshot.Length - 5)));
        Assert.Throws<InvalidDataException>(() => VehicleFold.Restore("TEST001", [1, 0]));
        snapshot[0] = 77;
        Assert.Throws<InvalidDataException>(() => VehicleFold.Restore("TEST001", snapshot));
    }

    internal static Func<uint, int, float, float> Overheat(int fromSecond) => (signal, second, value) =>
        signal == SyntheticFleet.Coolant && second >= fromSecond ? value + Math.Min(20, (second - fromSecond) * 0.5f) : value;

    private static VehicleFold Folded(List<TelemetryBatch> way)
    {
        var fold = new VehicleFold(way[0].Vin);
        for (var i = 0; i < way.Count; i++) fold.Apply(Detector, way[i], 0, i);
        return fold;
    }

    private static List<TelemetryBatch> Disturb(List<TelemetryBatch> way, Random random)
    {
        List<TelemetryBatch> disturbed = [];
        foreach (var batch in way)
        {
            if (random.Next(10) == 0) continue;
            if (random.Next(8) == 0) batch.Columns.RemoveAt(random.Next(batch.Columns.Count));
            if (random.Next(8) == 0) batch.Columns[0].Values[random.Next(10)] = float.NaN;
            disturbed.Add(batch);
            if (random.Next(10) == 0) disturbed.Add(batch);
            if (random.Next(12) == 0) disturbed.Add(way[random.Next(way.Count)]);
        }
        return disturbed;
    }
}
