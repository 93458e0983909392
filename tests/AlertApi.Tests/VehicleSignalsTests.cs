using Kappa.Iot.AlertApi.Running;
using Kappa.Iot.AlertApi.Vehicles;
using Kappa.Iot.Contracts;

namespace Kappa.Iot.AlertApi.Tests;

public sealed class VehicleSignalsTests
{
    [Fact]
    public void From_BatchesWithDifferentSignals_LeavesGaps()
    {
        var signals = From(Batch(0, (Samples.Coolant, [88, 89])), Batch(2000, (Samples.Speed, [50, float.NaN])));

        Assert.Equal([0, 1000, 2000, 3000], signals.Times);
        Assert.Equal([88, 89, null, null], Values(signals, Samples.Coolant));
        Assert.Equal([null, null, 50, null], Values(signals, Samples.Speed));
    }

    [Fact]
    public void From_BatchesThatOverlap_GivesRisingTimes()
    {
        var signals = From(Batch(0, (Samples.Coolant, [1, 2, 3])), Batch(1500, (Samples.Coolant, [7, 8, 9])));

        Assert.Equal([0, 1000, 2000, 2500, 3500], signals.Times);
        Assert.Equal([1, 2, 3, 8, 9], Values(signals, Samples.Coolant));
    }

    [Fact]
    public void From_SamplesWithoutAnInterval_GivesRisingTimes()
    {
        var batch = Batch(5, (Samples.Coolant, [1, 2, 3]));
        batch.SampleIntervalMs = 0;
        Assert.Equal([5], From(batch).Times);
    }

    [Fact]
    public void From_ColumnsOfDifferentLengths_FillsTheShorterOnes()
    {
        var signals = From(Batch(0, (Samples.Coolant, [1]), (Samples.Speed, [4, 5, 6])));
        Assert.Equal([1, null, null], Values(signals, Samples.Coolant));
        Assert.Equal([4, 5, 6], Values(signals, Samples.Speed));
    }

    [Fact]
    public void Since_ACursor_GivesOnlyWhatCameAfterIt()
    {
        var history = new SignalHistory(TimeSpan.FromMinutes(15), 1 << 20);
        Add(history, Batch(0, (Samples.Coolant, [1])));
        var (first, cursor) = history.Since("V", default);
        Add(history, Batch(10_000, (Samples.Coolant, [2])));
        var (second, _) = history.Since("V", cursor);

        Assert.Equal([0], first.Times);
        Assert.Equal([10_000], second.Times);
    }

    private static void Add(SignalHistory history, TelemetryBatch batch) => history.Add(batch, Google.Protobuf.MessageExtensions.ToByteArray(batch));

    private static VehicleSignals From(params TelemetryBatch[] batches) => VehicleSignals.From("V", batches, [], notBefore: 0);

    private static float?[] Values(VehicleSignals signals, Signal signal) => signals.Signals.Single(s => s.Signal == signal.Path).Values;

    private static TelemetryBatch Batch(long start, params (Signal Signal, float[] Values)[] columns)
    {
        var batch = new TelemetryBatch { Vin = "V", BootId = 1, Sequence = 1, StartTimeMs = start, SampleIntervalMs = 1000 };
        foreach (var (signal, values) in columns) batch.Columns.Add(new SignalColumn { Signal = signal.Id, Values = { values } });
        return batch;
    }
}
