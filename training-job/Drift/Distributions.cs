using Kappa.Iot.Contracts;

namespace Kappa.Iot.TrainingJob.Drift;

/// <summary>Distributions of telemetry, small enough to be kept with a model.</summary>
internal static class Distributions
{
    /// <summary>The id that scores have in place of a signal's.</summary>
    public const uint Scores = 0;

    private const int Quantiles = 256;

    /// <summary>By signal, the mean of each batch, ascending; and how many batches lack it.</summary>
    public static IReadOnlyList<Sample> OfSignals(IReadOnlyList<IReadOnlyList<TelemetryBatch>> drives)
    {
        var batches = drives.Sum(drive => (long)drive.Count);
        var means = new SortedDictionary<uint, List<float>>();
        foreach (var column in drives.SelectMany(drive => drive).SelectMany(batch => batch.Columns))
        {
            if (SignalCatalogue.Find(column.Signal) is not { Scored: true } || Mean(column) is not { } mean) continue;
            if (!means.TryGetValue(column.Signal, out var list)) means.Add(column.Signal, list = []);
            list.Add(mean);
        }
        return [.. means.Select(signal => Sample.Of(signal.Key, signal.Value, batches - signal.Value.Count))];
    }

    /// <summary>What is kept of a sample: evenly spaced order statistics.</summary>
    public static Distribution Keep(Sample sample)
    {
        var kept = new Distribution { Signal = sample.Signal, Count = (ulong)sample.Values.Length, Missing = (ulong)sample.Missing };
        var count = Math.Min(Quantiles, sample.Values.Length);
        for (var i = 0; i < count; i++) kept.Quantiles.Add(sample.Values[(int)((i + 0.5) * sample.Values.Length / count)]);
        return kept;
    }

    private static float? Mean(SignalColumn column)
    {
        var sum = 0.0;
        var count = 0;
        foreach (var value in column.Values)
        {
            if (!float.IsFinite(value)) continue;
            sum += value;
            count++;
        }
        return count == 0 ? null : (float)(sum / count);
    }
}
