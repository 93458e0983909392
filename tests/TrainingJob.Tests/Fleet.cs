using Kappa.Iot.Contracts;

namespace Kappa.Iot.TrainingJob.Tests;

/// <summary>Small made-up vehicles whose signals hang together.</summary>
internal static class Fleet
{
    public static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    /// <summary>A time as the command line takes it.</summary>
    public static string Time(int second) => Start.AddSeconds(second).ToString("O");

    public static IEnumerable<TelemetryBatch> Drive(string profile, int vehicles, int batches, ulong boot = 1, int startSecond = 0, float coolantShift = 0) =>
        Enumerable.Range(0, vehicles).SelectMany(v => Drive(profile, $"{profile}-{v}", v, batches, boot, startSecond, coolantShift));

    private static IEnumerable<TelemetryBatch> Drive(string profile, string vin, int seed, int batches, ulong boot, int startSecond, float coolantShift)
    {
        var random = new Random(seed + 1000 * ((int)boot - 1));
        for (var b = 0; b < batches; b++)
        {
            var batch = new TelemetryBatch
            {
                Vin = vin,
                Profile = profile,
                BootId = boot,
                Sequence = (ulong)b + 1,
                SampleIntervalMs = 1000,
                StartTimeMs = Start.AddSeconds(startSecond).ToUnixTimeMilliseconds() + b * 10_000L,
            };
            uint[] signals = [2, 4, 5];
            batch.Columns.AddRange(signals.Select(signal => new SignalColumn { Signal = signal }));
            for (var i = 0; i < 10; i++)
            {
                var speed = 60 + 30 * Math.Sin((b * 10 + i) / 60.0 + seed) + random.NextDouble();
                batch.Columns[0].Values.Add((float)speed);
                batch.Columns[1].Values.Add((float)(speed * 0.6 + random.NextDouble()));
                batch.Columns[2].Values.Add((float)(80 + coolantShift + speed * 0.1 + random.NextDouble()));
            }
            yield return batch;
        }
    }
}
