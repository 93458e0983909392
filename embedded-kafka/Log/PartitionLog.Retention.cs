namespace Kappa.Iot.Embedded.Log;

internal sealed partial class PartitionLog
{
    /// <summary>Bytes on disk.</summary>
    public long Size
    {
        get
        {
            lock (_lock)
                return _segments.Sum(s => s.Size);
        }
    }

    /// <summary>Moves the start of the log to <paramref name="offset"/> and removes the segments that lie wholly before it.</summary>
    /// <param name="offset">-1 stands for the end of the log.</param>
    /// <returns>The new start offset, or null where the offset is beyond the end.</returns>
    public long? DeleteBefore(long offset)
    {
        lock (_lock)
        {
            var target = offset == -1 ? EndOffset : offset;
            if (target < 0 || target > EndOffset)
                return null;
            if (target > StartOffset)
            {
                MoveStart(target);
                RemoveDeadSegments();
            }

            return StartOffset;
        }
    }

    /// <summary>Removes old segments as retention.ms and retention.bytes say, and forgets producers that are gone.</summary>
    /// <returns>How many segments were removed.</returns>
    public int ApplyRetention(TimeSpan producerExpiration)
    {
        lock (_lock)
        {
            if (_deleted)
                return 0;
            var now = Now();
            _producers.Expire(now - (long)producerExpiration.TotalMilliseconds);
            if (_segments.Count == 0)
                return 0;

            // What an earlier call could not remove, because the disk was full.
            var removed = RemoveDeadSegments();
            if (!Settings.Delete)
                return removed;

            var keepFrom = _segments[0].BaseOffset;
            var size = _segments.Sum(s => s.Size);
            foreach (var segment in _segments)
            {
                var expired = Settings.Retention is { } age && segment.Size > 0 && now - segment.MaxTimestamp > age.TotalMilliseconds;
                var surplus = Settings.RetentionBytes is { } bytes && size - segment.Size >= bytes;
                if ((!expired && !surplus) || segment.NextOffset > StableOffset)
                    break;
                keepFrom = segment.NextOffset;
                size -= segment.Size;
            }

            if (keepFrom <= StartOffset)
                return removed;

            // An active segment that has expired as a whole goes too, so an idle partition empties.
            if (keepFrom == EndOffset && _segments[^1].Size > 0)
            {
                CloseActive(_segments[^1], now);
                _segments.Add(Segment.Create(_directory, EndOffset));
            }

            MoveStart(keepFrom);
            return removed + RemoveDeadSegments();
        }
    }

    /// <summary>Takes the log out of service; its folder is removed by the caller.</summary>
    public void MarkDeleted()
    {
        lock (_lock)
        {
            _deleted = true;
            foreach (var waiter in _waiters)
                waiter.Appended(int.MaxValue);
            foreach (var segment in _segments)
                segment.Dispose();
        }
    }

    /// <summary>A start that could not be stored does not hold.</summary>
    private void MoveStart(long offset)
    {
        var before = StartOffset;
        StartOffset = offset;
        try
        {
            SaveStartOffset();
        }
        catch
        {
            StartOffset = before;
            throw;
        }
    }

    private int RemoveDeadSegments()
    {
        var dead = _segments.Take(_segments.Count - 1).TakeWhile(s => s.NextOffset <= StartOffset).ToList();
        if (dead.Count > 0)
            KeepProducers();
        foreach (var segment in dead)
            Remove(segment);
        _segments.RemoveRange(0, dead.Count);
        if (dead.Count > 0)
            _hints.Clear();
        return dead.Count;
    }

    /// <summary>
    /// Before segments go, or are written anew without their producers: from here on the active segment's checkpoint knows the producers,
    /// so a crash later on does not forget them.
    /// </summary>
    private void KeepProducers()
    {
        _segments[^1].Flush();
        SegmentCheckpoint.Save(_segments[^1], _producers);
    }

    private static void Remove(Segment segment)
    {
        segment.Dispose();
        FileChanges.Delete(segment.Path);
        FileChanges.Delete(SegmentCheckpoint.PathOf(segment));
    }
}
