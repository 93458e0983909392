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
            MoveStart(target);
            if (target == EndOffset)
                RemoveAside(static _ => true); // nothing of the partition is wanted any more
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
            if (Settings is { Delete: true, Retention: { } limit })
                RemoveAside(path => now - new DateTimeOffset(File.GetLastWriteTimeUtc(path)).ToUnixTimeMilliseconds() > limit.TotalMilliseconds);
            if (_segments.Count == 0)
                return 0;

            // What a crash, or a disk that failed, left between the move of the start and the removal.
            var removed = RemoveSegmentsBefore(StartOffset);
            if (!Settings.Delete)
                return removed;

            var keepFrom = _segments[0].BaseOffset;
            var size = _segments.Sum(s => s.Size);
            foreach (var segment in _segments)
            {
                var expired = Settings.Retention is { } age && segment.Size > 0 && now - segment.Time > age.TotalMilliseconds;
                var surplus = Settings.RetentionBytes is { } bytes && size - segment.Size >= bytes;
                if ((!expired && !surplus) || segment.NextOffset > StableOffset)
                    break;
                keepFrom = segment.NextOffset;
                size -= segment.Size;
            }

            // An active segment that has expired as a whole goes too, so an idle partition empties. The others first: a new file may need their room.
            var active = _segments[^1];
            removed += MoveStart(Math.Min(keepFrom, active.BaseOffset));
            if (keepFrom == EndOffset && active.Size > 0)
            {
                active.Flush();
                AddSegment();
                active.ClosedAt = now;
            }

            return removed + MoveStart(keepFrom);
        }
    }

    /// <summary>Whether it is out of service for good.</summary>
    public bool IsDeleted => Volatile.Read(ref _deleted);

    /// <summary>Takes the log out of service; its folder is removed by the caller.</summary>
    public void MarkDeleted()
    {
        lock (_lock)
        {
            _deleted = true;
            _producers.Clear();
            foreach (var waiter in _waiters)
                waiter.Appended(int.MaxValue);
            foreach (var segment in _segments)
                segment.Dispose();
        }
    }

    /// <summary>Moves the start and removes the segments before it. A start that could not be stored does not hold.</summary>
    /// <returns>How many segments were removed.</returns>
    private int MoveStart(long offset)
    {
        if (offset <= StartOffset)
            return 0;
        var removed = 0;
        try
        {
            SaveStartOffset(offset);
        }
        catch (IOException)
        {
            // A full disk has to be able to free itself, and the first segment that stays says where the log starts as well as the file does.
            removed = RemoveSegmentsBefore(offset);
            if (StartOffset >= offset)
                return removed;
            if (removed == 0)
                throw;
            SaveStartOffset(offset); // there is room now
        }

        StartOffset = offset;
        return removed + RemoveSegmentsBefore(offset);
    }

    private int RemoveSegmentsBefore(long offset)
    {
        var count = _segments.SkipLast(1).TakeWhile(s => s.NextOffset <= offset).Count();
        if (count == 0)
            return 0;
        _hints.Clear();
        var kept = TryKeepProducers();
        for (var i = 0; i < count; i++)
        {
            var segment = _segments[0];
            _segments.RemoveAt(0);
            StartOffset = Math.Max(StartOffset, _segments[0].BaseOffset);
            Remove(segment);

            // On a full disk there is room only now. A crash in between forgets the producers of whom nothing else is left.
            kept = kept || TryKeepProducers();
        }

        return count;
    }

    /// <summary>From here on the active segment's checkpoint knows the producers: a crash later on does not forget those of segments that go.</summary>
    private bool TryKeepProducers()
    {
        try
        {
            Checkpoint(_segments[^1]);
            return true;
        }
        catch (IOException)
        {
            // The next cleaning is to write the checkpoint, however little the segment has grown.
            _segments[^1].CheckpointedSize = null;
            return false;
        }
    }

    /// <summary>What was set aside goes when it would have gone had it been whole: it is as old as what was last written to it.</summary>
    private void RemoveAside(Func<string, bool> isDue)
    {
        foreach (var path in _aside.Where(isDue).ToList())
        {
            FileChanges.Delete(path);
            _aside.Remove(path);
        }
    }

    private static void Remove(Segment segment)
    {
        segment.Dispose();
        FileChanges.Delete(segment.Path);
        FileChanges.Delete(SegmentCheckpoint.PathOf(segment));
    }
}
