namespace Kappa.Iot.Demo.Counting;

/// <summary>A set of sequence numbers, small where they are contiguous.</summary>
public sealed class SequenceSet
{
    /// <summary>Disjoint ranges, first to last inclusive, by first.</summary>
    private readonly List<(ulong First, ulong Last)> _ranges = [];

    public long Count { get; private set; }

    /// <returns>False where it was there already.</returns>
    public bool Add(ulong sequence)
    {
        var at = _ranges.BinarySearch((sequence, ulong.MaxValue), ByFirst.Instance);
        if (at < 0) at = ~at; // the first range that begins after the sequence
        else at++;
        var before = at - 1;
        if (before >= 0 && sequence <= _ranges[before].Last) return false;

        Count++;
        var joinsBefore = before >= 0 && _ranges[before].Last + 1 == sequence;
        var joinsAfter = at < _ranges.Count && sequence + 1 == _ranges[at].First;
        if (joinsBefore && joinsAfter)
        {
            _ranges[before] = (_ranges[before].First, _ranges[at].Last);
            _ranges.RemoveAt(at);
        }
        else if (joinsBefore) _ranges[before] = (_ranges[before].First, sequence);
        else if (joinsAfter) _ranges[at] = (sequence, _ranges[at].Last);
        else _ranges.Insert(at, (sequence, sequence));
        return true;
    }

    private sealed class ByFirst : IComparer<(ulong First, ulong Last)>
    {
        public static readonly ByFirst Instance = new();

        public int Compare((ulong First, ulong Last) x, (ulong First, ulong Last) y) => x.First.CompareTo(y.First);
    }
}
