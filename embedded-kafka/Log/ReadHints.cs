namespace Kappa.Iot.Embedded.Log;

/// <summary>Remembers where the last few reads ended: a consumer that reads on starts there, without a search.</summary>
internal sealed class ReadHints
{
    private readonly (Segment? Segment, long Offset, long Position)[] _hints = new (Segment?, long, long)[8];
    private uint _next;

    public void Add(Segment segment, long offset, long position)
    {
        for (var i = 0; i < _hints.Length; i++)
        {
            if (ReferenceEquals(_hints[i].Segment, segment) && _hints[i].Offset == offset)
                return;
        }

        _hints[_next++ % (uint)_hints.Length] = (segment, offset, position);
    }

    public long? Find(Segment segment, long offset)
    {
        foreach (var hint in _hints)
        {
            if (ReferenceEquals(hint.Segment, segment) && hint.Offset == offset)
                return hint.Position;
        }

        return null;
    }

    /// <summary>Segments were replaced or removed.</summary>
    public void Clear() => Array.Clear(_hints);
}
