namespace Kappa.Iot.Detection;

/// <summary>
/// The recent past of some channels, one value a step (NaN where there was none): the last six steps one by one, and before
/// them five blocks of six steps by their mean. Every mean is computed anew from what is kept, so nothing drifts.
/// </summary>
internal sealed class StepRings
{
    /// <summary>Steps that are kept one by one, and steps of a block.</summary>
    public const int Steps = 6;

    /// <summary>Whole blocks that are kept.</summary>
    public const int Blocks = 5;

    /// <summary>After this many empty steps nothing is left.</summary>
    public const int Reach = Steps * (Blocks + 1);

    private const int Width = Steps + Blocks;

    // A channel after the other: its steps, then its blocks.
    private readonly float[] _values;
    private readonly int _channels;
    private long _pushed;

    public StepRings(int channels)
    {
        _channels = channels;
        _values = new float[channels * Width];
        Array.Fill(_values, float.NaN);
    }

    public void Clear()
    {
        Array.Fill(_values, float.NaN);
        _pushed = 0;
    }

    /// <summary>Appends one step.</summary>
    /// <param name="values">One value a channel.</param>
    public void Push(ReadOnlySpan<float> values)
    {
        var at = (int)(_pushed % Steps);
        for (var c = 0; c < _channels; c++) _values[c * Width + at] = values[c];
        Complete();
    }

    /// <summary>Appends steps without any value.</summary>
    public void PushEmpty(int steps)
    {
        for (var n = 0; n < steps; n++)
        {
            var at = (int)(_pushed % Steps);
            for (var c = 0; c < _channels; c++) _values[c * Width + at] = float.NaN;
            Complete();
        }
    }

    /// <summary>The channel's newest value.</summary>
    public float Last(int channel) => _pushed == 0 ? float.NaN : _values[channel * Width + (int)((_pushed - 1) % Steps)];

    /// <summary>Mean of the values of the last steps.</summary>
    /// <param name="channel">Which channel.</param>
    /// <param name="steps">1 to <see cref="Steps"/>.</param>
    /// <param name="count">Steps among them that have a value.</param>
    public float Mean(int channel, int steps, out int count)
    {
        var sum = 0.0;
        count = 0;
        var at = (int)(_pushed % Steps);
        var row = channel * Width;
        for (var n = 0; n < steps; n++)
        {
            if (--at < 0) at = Steps - 1;
            var value = _values[row + at];
            if (float.IsNaN(value)) continue;
            sum += value;
            count++;
        }
        return count == 0 ? float.NaN : (float)(sum / count);
    }

    /// <summary>Mean of all that is kept: the whole blocks and the steps since.</summary>
    /// <param name="channel">Which channel.</param>
    /// <param name="count">Steps it stands for.</param>
    public float LongMean(int channel, out int count)
    {
        var sum = 0.0;
        count = 0;
        var row = channel * Width;
        var open = (int)(_pushed % Steps);
        for (var at = 0; at < open; at++)
        {
            var value = _values[row + at];
            if (float.IsNaN(value)) continue;
            sum += value;
            count++;
        }
        for (var block = 0; block < Blocks; block++)
        {
            var value = _values[row + Steps + block];
            if (float.IsNaN(value)) continue;
            sum += (double)value * Steps;
            count += Steps;
        }
        return count == 0 ? float.NaN : (float)(sum / count);
    }

    /// <summary>Mean of the whole blocks but the newest: what the channel was a minute and more ago.</summary>
    /// <param name="channel">Which channel.</param>
    /// <param name="blocks">Blocks among them that have a value.</param>
    public float PastMean(int channel, out int blocks)
    {
        var sum = 0.0;
        blocks = 0;
        var row = channel * Width + Steps;
        var newest = (int)((_pushed / Steps + Blocks - 1) % Blocks);
        for (var block = 0; block < Blocks; block++)
        {
            var value = _values[row + block];
            if (block == newest || float.IsNaN(value)) continue;
            sum += value;
            blocks++;
        }
        return blocks == 0 ? float.NaN : (float)(sum / blocks);
    }

    public void Save(BinaryWriter writer)
    {
        writer.Write(_pushed);
        foreach (var value in _values) writer.Write(value);
    }

    public void Restore(BinaryReader reader)
    {
        _pushed = reader.ReadInt64();
        if (_pushed < 0) throw new InvalidDataException("The window's snapshot has a negative count of steps.");
        for (var i = 0; i < _values.Length; i++) _values[i] = reader.ReadSingle();
    }

    private void Complete()
    {
        _pushed++;
        if (_pushed % Steps != 0) return;
        var block = Steps + (int)((_pushed / Steps - 1) % Blocks);
        for (var c = 0; c < _channels; c++) _values[c * Width + block] = Mean(c, Steps, out _);
    }
}
