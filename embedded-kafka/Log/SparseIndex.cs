namespace Kappa.Iot.Embedded.Log;

/// <summary>
/// One entry per <see cref="Interval"/> bytes of a segment, by offset, position and time at once: all three only grow.
/// Lookups answer where to start reading; the rest of the way goes from batch to batch.
/// </summary>
internal sealed class SparseIndex
{
    public const int Interval = 32 * 1024;

    private readonly List<IndexEntry> _entries = [];

    public IReadOnlyList<IndexEntry> Entries => _entries;

    /// <param name="maxTimestampBefore">The latest timestamp of the segment's batches in front of this one.</param>
    public void Add(long offset, long position, long maxTimestampBefore)
    {
        if (_entries.Count == 0 || position - _entries[^1].Position >= Interval)
            _entries.Add(new IndexEntry(offset, position, maxTimestampBefore));
    }

    public void Load(IndexEntry entry) => _entries.Add(entry);

    /// <summary>A position at or before the batch that holds <paramref name="offset"/>.</summary>
    public long PositionOf(long offset) => At(Last(e => e.Offset <= offset));

    /// <summary>A position at or before the first batch with a timestamp of <paramref name="timestamp"/> or later.</summary>
    public long PositionOfTime(long timestamp) => At(Last(e => e.MaxTimestampBefore < timestamp));

    /// <summary>The last position known at which a batch begins that is within both.</summary>
    public IndexEntry? LastWithin(long position, long offset)
    {
        var last = Last(e => e.Position <= position && e.Offset <= offset);
        return last < 0 ? null : _entries[last];
    }

    /// <summary>An offset at or after every batch in front of <paramref name="position"/>; null past the last entry.</summary>
    public long? OffsetAfter(long position)
    {
        var next = Last(e => e.Position < position) + 1;
        return next < _entries.Count ? _entries[next].Offset : null;
    }

    private long At(int entry) => entry < 0 ? 0 : _entries[entry].Position;

    private int Last(Func<IndexEntry, bool> holds)
    {
        var low = 0;
        var high = _entries.Count;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (holds(_entries[middle]))
                low = middle + 1;
            else
                high = middle;
        }

        return low - 1;
    }
}
