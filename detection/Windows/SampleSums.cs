namespace Kappa.Iot.Detection;

/// <summary>What the samples of the step at hand come to, by signal: their mean, how much they moved, and since when they have not.</summary>
internal sealed class SampleSums(IReadOnlyList<float> resolutions)
{
    private readonly float[] _resolutions = [.. resolutions];
    private readonly double[] _sums = new double[resolutions.Count];
    private readonly int[] _counts = new int[resolutions.Count];
    private readonly double[] _changes = new double[resolutions.Count];
    private readonly int[] _pairs = new int[resolutions.Count];
    private readonly float[] _last = Unknown(resolutions.Count);
    private readonly long[] _lastMs = new long[resolutions.Count];
    private readonly long[] _lastChangeMs = new long[resolutions.Count];

    /// <summary>
    /// Takes a sample. It is first put on the sensor's own scale, so that finer digits mean nothing. Changes are counted between samples
    /// that follow each other: over a hole more may change.
    /// </summary>
    public void Add(int signal, float value, long timeMs, long intervalMs)
    {
        if (!float.IsFinite(value)) return;
        var resolution = _resolutions[signal];
        if (resolution > 0) value = MathF.Round(value / resolution) * resolution;
        var last = _last[signal];
        if (float.IsNaN(last))
        {
            _lastChangeMs[signal] = timeMs;
        }
        else
        {
            if (timeMs - _lastMs[signal] < 2 * intervalMs)
            {
                _changes[signal] += Math.Abs(value - last);
                _pairs[signal]++;
            }
            if (value != last) _lastChangeMs[signal] = timeMs;
        }
        _last[signal] = value;
        _lastMs[signal] = timeMs;
        _sums[signal] += value;
        _counts[signal]++;
    }

    /// <summary>Ends the step for one signal.</summary>
    /// <param name="signal">Which signal.</param>
    /// <param name="mean">Mean of its samples, NaN where there were none.</param>
    /// <param name="change">Mean absolute change from sample to sample, NaN where there was none to see.</param>
    public void Close(int signal, out float mean, out float change)
    {
        mean = _counts[signal] == 0 ? float.NaN : (float)(_sums[signal] / _counts[signal]);
        change = _pairs[signal] == 0 ? float.NaN : (float)(_changes[signal] / _pairs[signal]);
        _sums[signal] = _changes[signal] = 0;
        _counts[signal] = _pairs[signal] = 0;
    }

    /// <summary>Seconds since the signal last changed.</summary>
    public float StillFor(int signal, long nowMs) => (float)((nowMs - _lastChangeMs[signal]) / 1000.0);

    public void Clear()
    {
        Array.Clear(_sums);
        Array.Clear(_counts);
        Array.Clear(_changes);
        Array.Clear(_pairs);
        Array.Fill(_last, float.NaN);
        Array.Clear(_lastMs);
        Array.Clear(_lastChangeMs);
    }

    public void CopyFrom(SampleSums other)
    {
        other._sums.CopyTo(_sums, 0);
        other._counts.CopyTo(_counts, 0);
        other._changes.CopyTo(_changes, 0);
        other._pairs.CopyTo(_pairs, 0);
        other._last.CopyTo(_last, 0);
        other._lastMs.CopyTo(_lastMs, 0);
        other._lastChangeMs.CopyTo(_lastChangeMs, 0);
    }

    public void Save(BinaryWriter writer)
    {
        for (var s = 0; s < _sums.Length; s++)
        {
            writer.Write(_sums[s]);
            writer.Write(_counts[s]);
            writer.Write(_changes[s]);
            writer.Write(_pairs[s]);
            writer.Write(_last[s]);
            writer.Write(_lastMs[s]);
            writer.Write(_lastChangeMs[s]);
        }
    }

    public void Restore(BinaryReader reader)
    {
        for (var s = 0; s < _sums.Length; s++)
        {
            _sums[s] = reader.ReadDouble();
            _counts[s] = reader.ReadInt32();
            _changes[s] = reader.ReadDouble();
            _pairs[s] = reader.ReadInt32();
            _last[s] = reader.ReadSingle();
            _lastMs[s] = reader.ReadInt64();
            _lastChangeMs[s] = reader.ReadInt64();
        }
    }

    private static float[] Unknown(int signals)
    {
        var values = new float[signals];
        Array.Fill(values, float.NaN);
        return values;
    }
}
