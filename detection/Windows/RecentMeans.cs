namespace Kappa.Iot.Detection;

/// <summary>
/// Means of some channels over several spans of the recent past, updated in place: each new value moves a mean by a share that suits its
/// span. At the start a mean is that of all values so far. Steps without a value leave the means as they are; after too many of them
/// nothing is known any more.
/// </summary>
internal sealed class RecentMeans
{
    /// <summary>After this many empty steps in a row a channel's past is forgotten.</summary>
    public const int Reach = 30;

    private readonly float[] _shares;
    private readonly float[] _means;
    private readonly int[] _counts;
    private readonly int[] _empty;

    /// <param name="channels">How many.</param>
    /// <param name="spans">In steps, each at least 1.</param>
    public RecentMeans(int channels, ReadOnlySpan<int> spans)
    {
        _shares = new float[spans.Length];
        for (var k = 0; k < spans.Length; k++) _shares[k] = 2f / (spans[k] + 1);
        _means = new float[channels * spans.Length];
        _counts = new int[channels];
        _empty = new int[channels];
    }

    public void Clear()
    {
        Array.Clear(_means);
        Array.Clear(_counts);
        Array.Clear(_empty);
    }

    /// <summary>Takes a channel's value of the next step; NaN where it has none.</summary>
    public void Push(int channel, float value)
    {
        if (float.IsNaN(value))
        {
            Skip(channel, 1);
            return;
        }
        _empty[channel] = 0;
        // Beyond the longest span the count says nothing more.
        var count = _counts[channel] = Math.Min(_counts[channel] + 1, 1 << 20);
        var first = 1f / count;
        var means = _means.AsSpan(channel * _shares.Length, _shares.Length);
        for (var k = 0; k < means.Length; k++) means[k] += Math.Max(first, _shares[k]) * (value - means[k]);
    }

    /// <summary>Passes over steps without a value.</summary>
    public void Skip(int channel, int steps)
    {
        _empty[channel] = Math.Min(Reach, _empty[channel] + steps);
        if (_empty[channel] < Reach) return;
        _counts[channel] = 0;
        _means.AsSpan(channel * _shares.Length, _shares.Length).Clear();
    }

    /// <summary>Whether anything is known of a channel.</summary>
    public bool Has(int channel) => _counts[channel] > 0;

    /// <summary>A channel's means, in the order of the spans; all 0 where nothing is known.</summary>
    public ReadOnlySpan<float> Of(int channel) => _means.AsSpan(channel * _shares.Length, _shares.Length);

    public void CopyFrom(RecentMeans other)
    {
        other._means.CopyTo(_means, 0);
        other._counts.CopyTo(_counts, 0);
        other._empty.CopyTo(_empty, 0);
    }

    public void Save(BinaryWriter writer)
    {
        foreach (var mean in _means) writer.Write(mean);
        foreach (var count in _counts) writer.Write(count);
        foreach (var empty in _empty) writer.Write((byte)empty);
    }

    public void Restore(BinaryReader reader)
    {
        for (var i = 0; i < _means.Length; i++) _means[i] = reader.ReadSingle();
        for (var i = 0; i < _counts.Length; i++)
        {
            _counts[i] = reader.ReadInt32();
            if (_counts[i] < 0) throw new InvalidDataException("The window's snapshot has a negative count of steps.");
        }
        for (var i = 0; i < _empty.Length; i++) _empty[i] = reader.ReadByte();
    }
}
