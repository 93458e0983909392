using Google.Protobuf;
using Kappa.Iot.Contracts;

namespace Kappa.Iot.Detection.Tests;

public sealed class FoldGroupTests
{
    private const int Vehicles = 37;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [Trait("Invariant", "3")]
    public void Vehicles_that_are_folded_together_are_bit_for_bit_what_each_is_alone(int seed)
    {
        var random = new Random(seed);
        var detectors = new[] { TrainedModel.Detector, ModelArtifact.Load("other", TrainedModel.Result.Artifact), null };
        List<VehicleFold> alone = [], together = [];
        var ways = Enumerable.Range(0, Vehicles).Select(vehicle => Disturb(SyntheticFleet.Drive(vehicle, 60, vehicle % 2 == 0 ? VehicleFoldTests.Overheat(150) : null), random)).ToList();
        foreach (var way in ways)
        {
            alone.Add(new VehicleFold(way[0].Vin));
            together.Add(new VehicleFold(way[0].Vin));
        }

        var group = new FoldGroup(3);
        var (next, scored, alerts) = (new int[Vehicles], 0, 0);
        for (var round = 0; round < 150; round++)
        {
            // Any number of them, in any order, each with its own next batch; some models have many of them, some few.
            var turns = new List<(VehicleTurn Turn, FoldResult Expected)>();
            foreach (var vehicle in Enumerable.Range(0, Vehicles).OrderBy(_ => random.Next()).Take(random.Next(1, Vehicles + 1)))
            {
                if (next[vehicle] == ways[vehicle].Count) continue;
                var (batch, offset) = (ways[vehicle][next[vehicle]++], round);
                var detector = detectors[vehicle % 12 == 0 ? 2 : vehicle % 5 == 0 ? 1 : 0];
                var turn = new VehicleTurn();
                Assert.False(group.Has(together[vehicle]));
                group.Add(turn, together[vehicle], detector, batch, offset);
                turns.Add((turn, alone[vehicle].Apply(detector, batch, 3, offset)));
            }
            group.Run();
            foreach (var (turn, expected) in turns)
            {
                Assert.Null(turn.Failure);
                Assert.Equal((expected.Outcome, expected.Missed), (turn.Result.Outcome, turn.Result.Missed));
                Assert.Equal(expected.Score?.ToByteArray(), turn.Result.Score?.ToByteArray());
                Assert.Equal(expected.Alerts.Select(alert => alert.ToByteString()), turn.Result.Alerts.Select(alert => alert.ToByteString()));
                if (expected.Score is { Contributions.Count: > 0 }) scored++;
                alerts += expected.Alerts.Count;
            }
        }
        Assert.True(scored > 500 && alerts > 5, $"{scored} scores, {alerts} alerts");
        for (var vehicle = 0; vehicle < Vehicles; vehicle++) Assert.Equal(alone[vehicle].Save(), together[vehicle].Save());
    }

    [Fact]
    public void Run_OneDamagedVehicle_TheOthersAreScored()
    {
        var ways = Enumerable.Range(0, 8).Select(vehicle => SyntheticFleet.Drive(vehicle, 30)).ToList();
        var folds = ways.ConvertAll(way => new VehicleFold(way[0].Vin));
        foreach (var (way, fold) in ways.Zip(folds)) foreach (var batch in way[..29]) fold.Apply(TrainedModel.Detector, batch, 0, 0);
        var saved = folds[3].Save();
        saved[36]++; // the format of its window, which is read when the next batch comes
        folds[3] = VehicleFold.Restore(folds[3].Vin, saved);

        var group = new FoldGroup(0);
        var turns = folds.ConvertAll(_ => new VehicleTurn());
        for (var v = 0; v < folds.Count; v++) group.Add(turns[v], folds[v], TrainedModel.Detector, ways[v][29], 0);
        group.Run();
        Assert.IsType<InvalidDataException>(turns[3].Failure);
        Assert.All(turns.Where(turn => turn != turns[3]), turn => Assert.Equal((null, FoldOutcome.Scored), (turn.Failure, turn.Result.Outcome)));
    }

    [Fact]
    [Trait("Invariant", "3")]
    public void Run_OneVehicleBreaksTheDetector_TheOthersAreWhatTheyAreAloneAndOnlyThatOneFails()
    {
        const int Many = 16;
        var detector = new BreakingDetector(TrainedModel.Detector, batch => batch.Vin == SyntheticFleet.Drive(3, 1)[0].Vin && batch.Sequence % 9 == 0);
        var ways = Enumerable.Range(0, Many).Select(vehicle => SyntheticFleet.Drive(vehicle, 60, vehicle % 2 == 0 ? VehicleFoldTests.Overheat(150) : null)).ToList();
        var (alone, together) = (ways.ConvertAll(way => new VehicleFold(way[0].Vin)), ways.ConvertAll(way => new VehicleFold(way[0].Vin)));
        var (group, turns, failures, alerts) = (new FoldGroup(0), ways.ConvertAll(_ => new VehicleTurn()), 0, 0);
        for (var i = 0; i < 60; i++)
        {
            for (var v = 0; v < Many; v++) group.Add(turns[v], together[v], detector, ways[v][i], i);
            group.Run();
            for (var v = 0; v < Many; v++)
            {
                FoldResult expected;
                try
                {
                    expected = alone[v].Apply(detector, ways[v][i], 0, i);
                }
                catch (InvalidOperationException e)
                {
                    Assert.Equal(e.Message, turns[v].Failure?.Message);
                    (alone[v], together[v]) = (new VehicleFold(alone[v].Vin), new VehicleFold(alone[v].Vin));
                    failures++;
                    continue;
                }

                Assert.Null(turns[v].Failure);
                Assert.Equal(expected.Score?.ToByteArray(), turns[v].Result.Score?.ToByteArray());
                alerts += expected.Alerts.Count;
            }
        }

        Assert.Equal(6, failures);
        Assert.InRange(alerts, 1, 1_000);
        for (var v = 0; v < Many; v++) Assert.Equal(alone[v].Save(), together[v].Save());
    }

    [Fact]
    public void Run_OnceWarm_AllocatesForScoresOnly()
    {
        var detector = (VirtualSensorDetector)TrainedModel.Detector;
        var ways = Enumerable.Range(0, 16).Select(vehicle => SyntheticFleet.Drive(vehicle, 200)).ToList();
        var turns = ways.ConvertAll(_ => new VehicleTurn { Window = detector.CreateWindow() }).ToArray();
        var windows = ways.ConvertAll(_ => detector.CreateWindow());
        long Together(int from, int to)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = from; i < to; i++)
            {
                for (var v = 0; v < turns.Length; v++) turns[v].Batch = ways[v][i];
                detector.Apply(turns);
            }
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
        // The same scores, one at a time: nothing but they is allocated there.
        long OneByOne(int from, int to)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = from; i < to; i++)
            {
                for (var v = 0; v < windows.Count; v++) detector.Apply(windows[v], ways[v][i]);
            }
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
        Together(0, 100);
        OneByOne(0, 100);
        Assert.InRange(Together(100, 200), 0, OneByOne(100, 200) + 1000);
    }

    /// <summary>Breaks on some batches: asked about many vehicles, when it has scored half of them.</summary>
    private sealed class BreakingDetector(IDetector inner, Predicate<TelemetryBatch> breaks) : IDetector
    {
        public string ModelId => inner.ModelId;

        public string Profile => inner.Profile;

        public VehicleWindow CreateWindow() => inner.CreateWindow();

        public VehicleWindow RestoreWindow(ReadOnlySpan<byte> snapshot) => inner.RestoreWindow(snapshot);

        public Score Apply(VehicleWindow window, TelemetryBatch batch)
        {
            var score = inner.Apply(window, batch);
            return breaks(batch) ? throw new InvalidOperationException($"{batch.Vin} {batch.Sequence}") : score;
        }

        public void Apply(ReadOnlySpan<VehicleTurn> turns)
        {
            inner.Apply(turns[..(turns.Length / 2)]);
            foreach (var turn in turns)
            {
                if (breaks(turn.Batch)) throw new InvalidOperationException("All of them.");
            }

            inner.Apply(turns[(turns.Length / 2)..]);
        }

        public void Explain(VehicleWindow window, Span<float> observed, Span<float> expected) => inner.Explain(window, observed, expected);
    }

    /// <summary>With holes, duplicates, late batches, missing signals, and batches of other lengths.</summary>
    private static List<TelemetryBatch> Disturb(List<TelemetryBatch> way, Random random)
    {
        List<TelemetryBatch> disturbed = [];
        foreach (var batch in way)
        {
            if (random.Next(10) == 0) continue;
            if (random.Next(8) == 0) batch.Columns.RemoveAt(random.Next(batch.Columns.Count));
            if (random.Next(8) == 0) batch.Columns[0].Values[random.Next(10)] = float.NaN;
            if (random.Next(20) == 0) batch.SampleIntervalMs = 7_000; // several steps in one batch
            if (random.Next(30) == 0) batch.StartTimeMs += 400_000; // the window starts anew
            disturbed.Add(batch);
            if (random.Next(10) == 0) disturbed.Add(batch);
            if (random.Next(12) == 0) disturbed.Add(way[random.Next(way.Count)]);
        }
        return disturbed;
    }
}
