using Kappa.Iot.Contracts;

namespace Kappa.Iot.Simulator.Physics;

/// <summary>Turns true values into what sensors report: noise, the sensor's own steps, and the limits of its range.</summary>
internal sealed class Sensors
{
    private readonly uint[] _ids;
    private readonly float[] _noise, _step, _min, _max;

    /// <param name="signals">Path, standard deviation of the noise, and step (0: the catalogue's) of each signal, in sample order.</param>
    public Sensors(params (string Path, float Noise, float Step)[] signals)
    {
        var known = signals.Select(s => SignalCatalogue.Get(s.Path)).ToArray();
        Signals = known;
        _ids = [.. known.Select(s => s.Id)];
        _noise = [.. signals.Select(s => s.Noise)];
        _step = [.. signals.Zip(known, (s, k) => s.Step > 0 ? s.Step : k.Resolution)];
        _min = [.. known.Select(s => s.Min)];
        _max = [.. known.Select(s => s.Max)];
    }

    public IReadOnlyList<Signal> Signals { get; }

    public int Count => _ids.Length;

    /// <summary>Empties the columns, or makes them where the batch is new.</summary>
    public void Prepare(TelemetryBatch batch)
    {
        if (batch.Columns.Count == _ids.Length)
        {
            foreach (var column in batch.Columns) column.Values.Clear();
            return;
        }

        batch.Columns.Clear();
        foreach (var id in _ids) batch.Columns.Add(new SignalColumn { Signal = id });
    }

    /// <summary>Adds one sample to every column.</summary>
    public void Write(ReadOnlySpan<float> sample, TelemetryBatch batch, ref ulong random)
    {
        var columns = batch.Columns;
        for (var i = 0; i < sample.Length; i++)
        {
            var value = sample[i];
            if (_noise[i] > 0) value += _noise[i] * (float)Noise.Normal(ref random);
            if (_step[i] > 0) value = MathF.Round(value / _step[i]) * _step[i];
            columns[i].Values.Add(Math.Clamp(value, _min[i], _max[i]));
        }
    }
}
