using Kappa.Iot.Contracts;

namespace Kappa.Iot.Benchmarks.Detection;

/// <summary>A made-up vehicle: every signal follows a few hidden ones, with noise of its own.</summary>
internal static class SyntheticDrive
{
    private const int Hidden = 5;

    /// <summary>Batches of ten samples a second apart.</summary>
    public static List<TelemetryBatch> Of(int vehicle, int signals, int batches)
    {
        var random = new Random(vehicle + 1);
        var ids = SignalCatalogue.All.Where(signal => signal.Scored).Take(signals).Select(signal => signal.Id).ToArray();
        var weights = new Random(7);
        var mix = ids.Select(_ => Enumerable.Range(0, Hidden).Select(_ => weights.NextDouble() * 2 - 1).ToArray()).ToArray();
        var hidden = new double[Hidden];
        var way = new List<TelemetryBatch>();
        for (var b = 0; b < batches; b++)
        {
            var batch = new TelemetryBatch { Vin = $"BENCH{vehicle}", Profile = "benchmark", BootId = 1, Sequence = (ulong)b + 1, StartTimeMs = 1_700_000_000_000 + b * 10_000L, SampleIntervalMs = 1000 };
            batch.Columns.AddRange(ids.Select(id => new SignalColumn { Signal = id }));
            for (var i = 0; i < 10; i++)
            {
                for (var h = 0; h < Hidden; h++) hidden[h] += (random.NextDouble() - 0.5) * 2 - hidden[h] * 0.02;
                for (var s = 0; s < ids.Length; s++)
                {
                    var value = 50.0 + random.NextDouble();
                    for (var h = 0; h < Hidden; h++) value += mix[s][h] * hidden[h] * 3;
                    batch.Columns[s].Values.Add((float)value);
                }
            }
            way.Add(batch);
        }
        return way;
    }
}
