using Kappa.Iot.Contracts;

namespace Kappa.Iot.ScoringService.Tests;

/// <summary>A few cars with related signals. Every fifth car overheats for a while, so that there are alerts to raise and to clear.</summary>
internal sealed class Fleet(string profile, int vehicles, int seed, bool faults = false)
{
    private const int SamplesABatch = 10;
    private const long Start = 1_760_000_000_000;

    /// <summary>Every car's batches in turn: the first of each, then the second of each.</summary>
    public IEnumerable<TelemetryBatch> Batches(int count, int from = 1, ulong boot = 1)
    {
        for (var sequence = from; sequence < from + count; sequence++)
        {
            for (var vehicle = 0; vehicle < vehicles; vehicle++) yield return Batch(vehicle, sequence, boot);
        }
    }

    public string Vin(int vehicle) => $"CAR-{seed}-{vehicle:D4}";

    public TelemetryBatch Batch(int vehicle, int sequence, ulong boot = 1)
    {
        var random = new Random((seed * 15485863) ^ (vehicle * 7919) ^ (sequence * 104729)); // the same batch however often it is asked for
        var batch = new TelemetryBatch
        {
            Vin = Vin(vehicle),
            Profile = profile,
            BootId = boot,
            Sequence = (ulong)sequence,
            StartTimeMs = Start + (sequence * SamplesABatch * 1000L),
            SampleIntervalMs = 1000,
        };
        uint[] signals = [1, 2, 3, 4, 5, 8];
        foreach (var signal in signals) batch.Columns.Add(new SignalColumn { Signal = signal });
        var overheats = faults && vehicle % 5 == 0 && sequence % 100 is > 30 and < 60;
        for (var sample = 0; sample < SamplesABatch; sample++)
        {
            var time = (sequence * SamplesABatch) + sample;
            var speed = 60 + (40 * Math.Sin((time / 40.0) + vehicle)) + random.NextDouble();
            var load = 20 + (0.5 * speed) + random.NextDouble();
            double[] values = [800 + (28 * speed), speed, 0.8 * load, load, overheats ? 125 : 85 + (0.05 * load), 30 + (0.9 * load)];
            for (var s = 0; s < signals.Length; s++) batch.Columns[s].Values.Add((float)(values[s] + (random.NextDouble() / 2)));
        }

        return batch;
    }
}
