using Kappa.Iot.Embedded.Protocol;

namespace Kappa.Iot.Embedded.Log;

internal sealed partial class PartitionLog
{
    /// <summary>Finds where a read at <paramref name="offset"/> starts. Only the plan is made under the lock.</summary>
    public LogSlice Plan(long offset, bool committedOnly)
    {
        Segment segment;
        long position, size;
        LogSlice nothing;
        bool exact;
        lock (_lock)
        {
            var limit = committedOnly ? StableOffset : EndOffset;
            nothing = new LogSlice(ErrorCode.None, EndOffset, StableOffset, StartOffset, null, 0, 0, limit);
            if (_deleted)
                return nothing with { Error = ErrorCode.UnknownTopicOrPartition };
            if (offset < StartOffset || offset > EndOffset)
                return nothing with { Error = ErrorCode.OffsetOutOfRange };
            if (offset >= limit)
                return nothing;

            var found = SegmentOf(offset);
            segment = _segments[found];
            size = segment.Size;
            var hint = offset <= segment.BaseOffset ? 0 : _hints.Find(segment, offset);
            exact = hint is not null;
            position = hint ?? segment.Index.PositionOf(offset);
        }

        if (!exact)
        {
            // Batches before the one that holds the offset are passed over by their headers.
            foreach (var batch in segment.Headers(position, size))
            {
                position = batch.Position;
                if (batch.Header.LastOffset >= offset)
                    break;
                position += batch.Header.Size;
            }
        }

        return nothing with { Segment = segment, Position = position, End = size };
    }

    /// <summary>How much of a planned read are whole batches. Looks at few headers: the index knows where most batches end.</summary>
    /// <param name="atMost">Bytes.</param>
    /// <param name="mayExceed">The first batch counts, however large it is.</param>
    /// <returns>Bytes from the slice's position on.</returns>
    public int Measure(in LogSlice slice, int atMost, bool mayExceed)
    {
        var segment = slice.Segment!;
        var end = slice.Position;
        lock (_lock)
        {
            if (segment.Index.LastWithin(slice.Position + atMost, slice.Limit) is { } entry && entry.Position > end)
                end = entry.Position;
        }

        foreach (var (header, position) in segment.Headers(end, slice.End))
        {
            var fits = position + header.Size - slice.Position <= atMost || (mayExceed && position == slice.Position);
            if (header.BaseOffset >= slice.Limit || !fits)
            {
                // A reader that goes on begins here.
                lock (_lock)
                    _hints.Add(segment, header.BaseOffset, position);
                break;
            }

            end = position + header.Size;
        }

        return checked((int)(end - slice.Position));
    }

    /// <summary>The rolled back transactions that a reader of these bytes has to know of (and perhaps a few more).</summary>
    public List<AbortedTransaction> AbortedIn(in LogSlice slice, long offset, int maxBytes)
    {
        var found = new List<AbortedTransaction>();
        lock (_lock)
        {
            if (slice.Segment is not { } segment)
                return found;

            var upper = Math.Min(segment.Index.OffsetAfter(slice.Position + maxBytes) ?? segment.NextOffset, slice.Limit);
            foreach (var candidate in _segments.Where(s => s.NextOffset > offset))
            {
                foreach (var aborted in candidate.Aborted)
                {
                    if (aborted.LastOffset >= offset && aborted.FirstOffset < upper)
                        found.Add(aborted);
                    if (aborted.StableOffset >= upper)
                        return found;
                }
            }
        }

        return found;
    }

    /// <summary>The first record with a time of <paramref name="timestamp"/> (ms) or later.</summary>
    public (long Offset, long Timestamp)? FindByTime(long timestamp, bool committedOnly) => Search(() => SearchByTime(timestamp, committedOnly));

    /// <summary>Looks into records, which may have to be unpacked for it: as many at once as there are processors.</summary>
    private static (long Offset, long Timestamp)? Search(Func<(long Offset, long Timestamp)?> search)
    {
        while (true)
        {
            Compression.Gate.Wait();
            try
            {
                return search();
            }
            catch (ObjectDisposedException)
            {
                // Retention or compaction took a segment away: search what is there now.
            }
            finally
            {
                Compression.Gate.Release();
            }
        }
    }

    private (long Offset, long Timestamp)? SearchByTime(long timestamp, bool committedOnly)
    {
        List<(Segment Segment, long Position, long Size)> candidates;
        long limit, start;
        lock (_lock)
        {
            if (_deleted)
                return null;
            limit = committedOnly ? StableOffset : EndOffset;
            start = StartOffset;
            candidates = [.. _segments.Where(s => s.MaxTimestamp >= timestamp).Select(s => (s, s.Index.PositionOfTime(timestamp), s.Size))];
        }

        foreach (var (segment, position, size) in candidates)
        {
            foreach (var batch in segment.Headers(position, size))
            {
                if (batch.Header.BaseOffset >= limit)
                    return null;
                if (batch.Header.MaxTimestamp < timestamp || batch.Header.LastOffset < start || batch.Header.IsControl)
                    continue;
                foreach (var record in RecordReader.Read(batch.Header, segment.ReadBatch(batch)))
                {
                    if (record.Timestamp >= timestamp && record.Offset >= start)
                        return (record.Offset, record.Timestamp);
                }
            }
        }

        return null;
    }

    /// <summary>The record with the latest time; the first one where several share it.</summary>
    public (long Offset, long Timestamp)? FindLatestTime() => Search(SearchLatestTime);

    private (long Offset, long Timestamp)? SearchLatestTime()
    {
        List<(Segment Segment, long Size)> segments;
        long start;
        lock (_lock)
        {
            if (_deleted)
                return null;
            start = StartOffset;
            segments = [.. _segments.OrderByDescending(s => s.MaxTimestamp).Select(s => (s, s.Size))];
        }

        // A segment's latest time may be that of a marker, or of a record that was deleted: then the next best is looked for.
        (long Offset, long Timestamp)? latest = null;
        foreach (var (segment, size) in segments)
        {
            if (segment.MaxTimestamp < (latest?.Timestamp ?? 0))
                break;
            foreach (var batch in segment.Headers(segment.Index.PositionOfTime(segment.MaxTimestamp), size).Concat(segment.Headers(0, size)))
            {
                if (batch.Header.IsControl || batch.Header.LastOffset < start || batch.Header.MaxTimestamp < (latest?.Timestamp ?? 0))
                    continue;
                foreach (var record in RecordReader.Read(batch.Header, segment.ReadBatch(batch)).Where(r => r.Offset >= start))
                {
                    if (latest is not { } best || record.Timestamp > best.Timestamp || (record.Timestamp == best.Timestamp && record.Offset < best.Offset))
                        latest = (record.Offset, record.Timestamp);
                }

                if (latest?.Timestamp == segment.MaxTimestamp)
                    break;
            }
        }

        return latest;
    }

    /// <summary>Reads the committed records from the start; for state that the broker keeps in the log itself.</summary>
    public IEnumerable<(RecordBatchHeader Header, Record Record)> ReadCommitted()
    {
        List<(Segment Segment, long Size)> segments;
        List<AbortedTransaction> aborted;
        Dictionary<long, long> open;
        lock (_lock)
        {
            open = OpenSince();
            segments = [.. _segments.Select(s => (s, s.Size))];
            aborted = [.. _segments.SelectMany(s => s.Aborted)];
        }

        var lookup = aborted.ToLookup(a => a.ProducerId);
        foreach (var (segment, size) in segments)
        {
            foreach (var batch in segment.Headers(0, size))
            {
                var header = batch.Header;
                if (header.IsControl || header.LastOffset < StartOffset)
                    continue;
                // What other producers committed after that is as good as what they committed before.
                if (header.IsTransactional && open.TryGetValue(header.ProducerId, out var start) && header.BaseOffset >= start)
                    continue;
                if (header.IsTransactional && lookup[header.ProducerId].Any(a => a.FirstOffset <= header.BaseOffset && header.BaseOffset <= a.LastOffset))
                    continue;
                foreach (var record in RecordReader.Read(header, segment.ReadBatch(batch)))
                    yield return (header, record);
            }
        }
    }

    /// <summary>Reads the records of transactions that are still open.</summary>
    public IEnumerable<(RecordBatchHeader Header, Record Record)> ReadPending()
    {
        List<(Segment Segment, long Size)> segments;
        Dictionary<long, long> open;
        lock (_lock)
        {
            open = OpenSince();
            segments = [.. _segments.Where(s => s.NextOffset > StableOffset).Select(s => (s, s.Size))];
        }

        foreach (var (segment, size) in segments)
        {
            foreach (var batch in segment.Headers(0, size))
            {
                var header = batch.Header;
                if (!header.IsTransactional || header.IsControl || !open.TryGetValue(header.ProducerId, out var start) || header.BaseOffset < start)
                    continue;
                foreach (var record in RecordReader.Read(header, segment.ReadBatch(batch)))
                    yield return (header, record);
            }
        }
    }

    /// <summary>The first offset of each open transaction, by producer.</summary>
    private Dictionary<long, long> OpenSince() => _producers.All.Where(p => p.TransactionStart >= 0).ToDictionary(p => p.ProducerId, p => p.TransactionStart);

    public void Watch(AppendWaiter waiter)
    {
        lock (_lock)
            _waiters.Add(waiter);
    }

    public void Unwatch(AppendWaiter waiter)
    {
        lock (_lock)
            _waiters.Remove(waiter);
    }

    /// <summary>The index of the first segment that ends after <paramref name="offset"/>.</summary>
    private int SegmentOf(long offset)
    {
        var low = 0;
        var high = _segments.Count - 1;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (_segments[middle].NextOffset > offset)
                high = middle;
            else
                low = middle + 1;
        }

        return low;
    }
}
