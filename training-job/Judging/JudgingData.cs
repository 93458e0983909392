using Kappa.Iot.Contracts;
using Kappa.Iot.Detection.Training;

namespace Kappa.Iot.TrainingJob.Judging;

/// <summary>Driving that models are compared by: as it was, and stretches of it with something wrong.</summary>
internal sealed class JudgingData
{
    // Half an hour; what is shorter than ten minutes is not disturbed.
    private const int StretchBatches = 180, LeastBatches = 60;

    private JudgingData(IReadOnlyList<IReadOnlyList<TelemetryBatch>> drives, IReadOnlyList<DisturbedDrive> disturbed, double hours)
    {
        Drives = drives;
        Disturbed = disturbed;
        Hours = hours;
    }

    /// <summary>Batches that are kept at most; of more, vehicles are left out by the hash of their id, as in training.</summary>
    public static TrainingOptions Limits { get; } = new() { MaxSteps = 20_000 };

    /// <summary>Driving as it was, by vehicle.</summary>
    public IReadOnlyList<IReadOnlyList<TelemetryBatch>> Drives { get; }

    /// <summary>Half hours of it with one drawn disturbance each.</summary>
    public IReadOnlyList<DisturbedDrive> Disturbed { get; }

    /// <summary>Vehicle hours.</summary>
    public double Hours { get; }

    /// <summary>Disturbs what was read; the same data is disturbed in the same way, whatever the models.</summary>
    public static JudgingData Of(TrainingSet set)
    {
        var hours = set.Steps / 360.0;
        var drives = set.Drives();
        var deviations = Deviations(drives);
        if (deviations.Count == 0) return new JudgingData(drives, [], hours);
        var stretches = drives.SelectMany(drive => drive.Chunk(StretchBatches)).Where(stretch => stretch.Length >= LeastBatches && stretch[0].BootId == stretch[^1].BootId);
        return new JudgingData(drives, [.. stretches.Select((stretch, i) => DisturbedDrive.Draw(stretch, deviations, (ulong)i))], hours);
    }

    /// <summary>The standard deviation of each signal that moves.</summary>
    private static Dictionary<uint, float> Deviations(IReadOnlyList<IReadOnlyList<TelemetryBatch>> drives)
    {
        var sums = new Dictionary<uint, (double Count, double Sum, double Squares)>();
        foreach (var column in drives.SelectMany(drive => drive).SelectMany(batch => batch.Columns))
        {
            if (SignalCatalogue.Find(column.Signal) is not { Scored: true }) continue;
            var (count, sum, squares) = sums.GetValueOrDefault(column.Signal);
            foreach (var value in column.Values)
            {
                if (!float.IsFinite(value)) continue;
                count++;
                sum += value;
                squares += (double)value * value;
            }
            sums[column.Signal] = (count, sum, squares);
        }
        return sums.Where(signal => signal.Value.Count > 1)
            .Select(signal => (signal.Key, Deviation: (float)Math.Sqrt(Math.Max(0, signal.Value.Squares / signal.Value.Count - Math.Pow(signal.Value.Sum / signal.Value.Count, 2)))))
            .Where(signal => signal.Deviation > 1e-6f).ToDictionary(signal => signal.Key, signal => signal.Deviation);
    }
}
