using Kappa.Iot.Contracts;

namespace Kappa.Iot.Detection;

/// <summary>What a batch says about its own samples.</summary>
internal static class BatchShape
{
    /// <summary>Where a vehicle does not say how often it samples.</summary>
    private const long DefaultIntervalMs = 1000;

    public static int SampleCount(this TelemetryBatch batch)
    {
        var samples = 0;
        for (var c = 0; c < batch.Columns.Count; c++) samples = Math.Max(samples, batch.Columns[c].Values.Count);
        return samples;
    }

    public static long IntervalMs(this TelemetryBatch batch) => batch.SampleIntervalMs == 0 ? DefaultIntervalMs : batch.SampleIntervalMs;

    public static long DurationMs(this TelemetryBatch batch) => batch.SampleCount() * batch.IntervalMs();
}
