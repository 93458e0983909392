using Kappa.Iot.Contracts;

namespace Kappa.Iot.Detection.Tests;

/// <summary>Small made-up vehicles whose signals hang together: load follows speed, temperatures follow load, tyres stand alone beside each other.</summary>
internal static class SyntheticFleet
{
    public const uint Speed = 2, Load = 4, Coolant = 5, Oil = 18, TyreLeft = 40, TyreRight = 41;

    public const long StartMs = 1_700_000_000_000;

    /// <summary>A vehicle's batches.</summary>
    /// <param name="vehicle">Number of the vehicle; each drives its own way.</param>
    /// <param name="batches">How many batches of ten samples a second apart.</param>
    /// <param name="change">Changes a sample: signal, second, value.</param>
    public static List<TelemetryBatch> Drive(int vehicle, int batches, Func<uint, int, float, float>? change = null)
    {
        var random = new Random(vehicle * 7919 + 17);
        double phase = random.NextDouble() * 6, tyres = 230 + random.NextDouble() * 10, coolant = 80, oil = 80;
        List<TelemetryBatch> all = [];
        for (var b = 0; b < batches; b++)
        {
            var batch = new TelemetryBatch
            {
                Vin = $"TEST{vehicle:000}",
                Profile = "test",
                BootId = 1,
                Sequence = (ulong)b + 1,
                StartTimeMs = StartMs + b * 10_000L,
                SampleIntervalMs = 1000,
            };
            uint[] signals = [Speed, Load, Coolant, Oil, TyreLeft, TyreRight];
            batch.Columns.AddRange(signals.Select(signal => new SignalColumn { Signal = signal }));
            for (var i = 0; i < 10; i++)
            {
                var second = b * 10 + i;
                var speed = 60 + 30 * Math.Sin(second / 60.0 + phase) + 10 * Math.Sin(second / 17.0) + random.NextDouble();
                var load = speed * 0.6 + 5 + random.NextDouble();
                coolant += (78 + load * 0.2 - coolant) / 60;
                oil += (coolant + load * 0.1 - oil) / 90;
                var warm = tyres + speed * 0.05;
                double[] values = [speed, load, coolant + random.NextDouble() * 0.5, oil + random.NextDouble() * 0.5, warm + random.NextDouble(), warm + 2 + random.NextDouble()];
                for (var s = 0; s < signals.Length; s++)
                {
                    var value = (float)values[s];
                    batch.Columns[s].Values.Add(change is null ? value : change(signals[s], second, value));
                }
            }
            all.Add(batch);
        }
        return all;
    }
}
