using System.ComponentModel;
using Kappa.Iot.Contracts;

namespace Kappa.Iot.AlertApi.Vehicles;

/// <summary>The signals and scores of a vehicle over a time.</summary>
public sealed record VehicleSignals
{
    public required string Vin { get; init; }

    [Description("Event times of the samples, Unix milliseconds, rising.")]
    public required long[] Times { get; init; }

    public required IReadOnlyList<SignalSeries> Signals { get; init; }

    [Description("One score a batch, rising by time.")]
    public required IReadOnlyList<ScorePoint> Scores { get; init; }

    /// <summary>Lays batches of a vehicle, in order of time, side by side on one time axis.</summary>
    internal static VehicleSignals From(string vin, IReadOnlyList<TelemetryBatch> batches, IEnumerable<ScorePoint> scores, long notBefore)
    {
        var times = new List<long>();
        var columns = new SortedDictionary<uint, List<float?>>();
        foreach (var batch in batches)
        {
            var samples = batch.Columns.Count == 0 ? 0 : batch.Columns.Max(c => c.Values.Count);
            var start = times.Count;
            // A sample that overlaps what is there already (a vehicle restarted within its interval) is left out: times rise.
            var kept = new List<int>(samples);
            for (var i = 0; i < samples; i++)
            {
                var time = batch.StartTimeMs + i * (long)batch.SampleIntervalMs;
                if (time < notBefore || (times.Count > 0 && time <= times[^1])) continue;
                times.Add(time);
                kept.Add(i);
            }

            foreach (var column in batch.Columns)
            {
                if (!columns.TryGetValue(column.Signal, out var values)) columns[column.Signal] = values = [];
                while (values.Count < start) values.Add(null);
                foreach (var i in kept.Take(times.Count - values.Count))
                    values.Add(i < column.Values.Count && float.IsFinite(column.Values[i]) ? column.Values[i] : null);
            }
        }

        return new()
        {
            Vin = vin,
            Times = [.. times],
            Signals = [.. columns.Select(c => Series(c.Key, c.Value, times.Count))],
            Scores = [.. scores.Where(s => s.Time >= notBefore)],
        };
    }

    private static SignalSeries Series(uint id, List<float?> values, int count)
    {
        while (values.Count < count) values.Add(null);
        var signal = SignalCatalogue.Find(id);
        return new(signal?.Path ?? $"signal {id}", signal?.Label ?? $"Signal {id}", signal?.Unit ?? "", [.. values]);
    }
}
