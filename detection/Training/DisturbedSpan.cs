using Kappa.Iot.Contracts;

namespace Kappa.Iot.Detection.Training;

/// <summary>Some batches of a vehicle with a disturbance put on them, and how far it moved each sample.</summary>
internal sealed class DisturbedSpan
{
    private readonly IReadOnlyList<TelemetryBatch> _batches;
    private readonly WindowShape _shape;
    private readonly int _first;
    private readonly int[] _firstSample;
    private readonly Dictionary<int, (float[] Values, float[] Deviations)> _changed = [];
    private readonly int _from;
    private readonly int _to;

    private DisturbedSpan(IReadOnlyList<TelemetryBatch> batches, WindowShape shape, int first, int[] firstSample, int from, int to, int stopBatch)
    {
        _batches = batches;
        _shape = shape;
        _first = first;
        _firstSample = firstSample;
        _from = from;
        _to = to;
        StopBatch = stopBatch;
    }

    public IEnumerable<int> Signals => _changed.Keys;

    /// <summary>First batch after the span and what is played after it.</summary>
    public int StopBatch { get; }

    /// <summary>Draws a disturbance and puts it on the batches.</summary>
    /// <param name="batches">Of one vehicle, in order.</param>
    /// <param name="onset">Batch in which it begins.</param>
    /// <param name="shape">Signals.</param>
    /// <param name="scales">Usual error of each signal's sensor.</param>
    /// <param name="draws">Chance.</param>
    /// <param name="lookBack">Seconds before the onset that a lagging signal may show.</param>
    /// <param name="seconds">How long it lasts at most.</param>
    /// <param name="after">Seconds that are played after it.</param>
    public static DisturbedSpan Draw(
        IReadOnlyList<TelemetryBatch> batches, int onset, WindowShape shape, IReadOnlyList<float> scales, Draws draws, double lookBack, double seconds, double after)
    {
        var boot = batches[onset].BootId;
        var first = onset;
        for (var passed = 0L; first > 0 && passed < lookBack * 1000 && batches[first - 1].BootId == boot; first--) passed += batches[first - 1].DurationMs();
        var interval = batches[onset].IntervalMs() / 1000.0;

        var firstSample = new List<int>();
        int samples = 0, from = 0, to = -1, stop = first;
        for (; stop < batches.Count && batches[stop].BootId == boot; stop++)
        {
            firstSample.Add(samples);
            if (stop == onset) from = samples + draws.Below(Math.Max(1, batches[stop].SampleCount()));
            if (stop >= onset && to < 0 && (samples - from) * interval >= seconds) to = samples;
            if (to >= 0 && (samples - to) * interval >= after) break;
            samples += batches[stop].SampleCount();
        }
        if (firstSample.Count == stop - first) firstSample.Add(samples);
        if (to < 0) to = samples;

        var span = new DisturbedSpan(batches, shape, first, [.. firstSample], Math.Min(from, to), to, stop);
        var disturbance = Disturbance.Draw(draws, scales);
        foreach (var signal in disturbance.Signals) span.Change(signal, disturbance, scales[signal], interval);
        return span;
    }

    /// <summary>A batch as it is with the disturbance.</summary>
    public TelemetryBatch Batch(int index)
    {
        var (from, to) = Samples(index);
        if (to <= _from || from >= _to) return _batches[index];
        var batch = _batches[index].Clone();
        foreach (var column in batch.Columns)
        {
            var signal = _shape.IndexOf(column.Signal);
            if (signal < 0 || !_changed.TryGetValue(signal, out var changed)) continue;
            for (var i = 0; i < column.Values.Count; i++) column.Values[i] = changed.Values[from + i];
        }
        return batch;
    }

    /// <summary>Mean size of the change of some samples of a batch, in usual errors; NaN where the disturbance is over.</summary>
    public float Deviation(int signal, int batch, int fromPosition, int toPosition)
    {
        var first = Samples(batch).From;
        if (first + toPosition <= _from || first + fromPosition >= _to) return first + fromPosition >= _to ? float.NaN : 0;
        var sum = 0f;
        for (var i = first + fromPosition; i < first + toPosition && i < _to; i++) sum += _changed[signal].Deviations[i];
        return sum / (toPosition - fromPosition);
    }

    private (int From, int To) Samples(int batch) => (_firstSample[batch - _first], _firstSample[batch - _first + 1]);

    private void Change(int signal, Disturbance disturbance, float scale, double interval)
    {
        var values = new float[_firstSample[^1]];
        Array.Fill(values, float.NaN);
        for (var b = 0; b + 1 < _firstSample.Length; b++)
        {
            foreach (var column in _batches[_first + b].Columns)
            {
                if (_shape.IndexOf(column.Signal) != signal) continue;
                for (var i = 0; i < column.Values.Count; i++) values[_firstSample[b] + i] = float.IsFinite(column.Values[i]) ? column.Values[i] : float.NaN;
            }
        }
        if (_from >= _to) return;
        var changed = disturbance.Apply(signal, values, _from, _to, interval);
        var resolution = _shape.Resolutions[signal];
        var deviations = new float[values.Length];
        for (var i = _from; i < _to; i++)
        {
            if (!float.IsNaN(values[i])) deviations[i] = Math.Abs(Snap(changed[i], resolution) - Snap(values[i], resolution)) / scale;
        }
        _changed.Add(signal, (changed, deviations));
    }

    private static float Snap(float value, float resolution) => resolution > 0 ? MathF.Round(value / resolution) * resolution : value;
}
