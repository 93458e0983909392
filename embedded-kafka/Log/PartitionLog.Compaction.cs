using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Kappa.Iot.Embedded.Log;

internal sealed partial class PartitionLog
{
    private const string SwapExtension = ".swap";

    /// <summary>Hears of each batch whose records compaction cannot read: its offset and why. It stays as it is.</summary>
    public Action<long, string>? Unreadable { get; set; }

    /// <summary>So many keys are remembered in one go, about 100 MB of them; what comes after waits for the next.</summary>
    public int MaxKeys { get; set; } = 2_000_000;

    /// <summary>Everything before this offset has been compacted since the server started.</summary>
    private long _compactedTo;

    /// <summary>Whether there may be a *.swap: a disk that fails can stop a swap at any of its steps.</summary>
    private bool _swapping;

    /// <summary>
    /// Keeps only the latest committed record of every key in the segments that are closed and decided. Rolled back records and markers
    /// go, and tombstones too when delete.retention.ms is over. Runs beside reads and appends; only the swap of files takes the lock.
    /// </summary>
    /// <returns>How many bytes were won.</returns>
    public long Compact()
    {
        var now = Now();
        var candidates = Candidates(now, out var aborted);
        if (candidates.Count == 0)
            return 0;

        var (latest, end) = LatestOffsets(candidates, aborted);
        long before = candidates.Sum(s => s.Size), after = 0;
        bool HasWaiting(Segment segment) => segment.HasTombstones && !TombstonesAreDue(segment, now);
        var first = candidates[0];
        for (var i = 0; i < candidates.Count;)
        {
            // Neighbours that fit into one segment together become one, but for those whose tombstones wait: beside younger ones they would wait anew.
            var group = new List<Segment> { candidates[i++] };
            while (i < candidates.Count && group.Sum(s => s.Size) + candidates[i].Size <= Settings.SegmentBytes && !HasWaiting(group[^1]) && !HasWaiting(candidates[i]))
                group.Add(candidates[i++]);
            // The first file says where the log starts, the last where it goes on: both stay, if only with an empty batch.
            if (Rewrite(group, latest, end, aborted, now, keepLast: group[0] == first || i == candidates.Count) is not { } size)
                return 0;
            after += size;
        }

        _compactedTo = end;
        return before - after;
    }

    private bool TombstonesAreDue(Segment segment, long now) => now - segment.ClosedAt > Settings.DeleteRetention.TotalMilliseconds;

    private List<Segment> Candidates(long now, out ILookup<long, AbortedTransaction> aborted)
    {
        lock (_lock)
        {
            aborted = _segments.SelectMany(s => s.Aborted).ToLookup(a => a.ProducerId);
            if (_deleted || _segments.Count == 0)
                return [];
            EndSwaps();

            var active = _segments[^1];
            if (active.Size > 0 && now - active.CreatedAt > Settings.SegmentAge.TotalMilliseconds)
            {
                CloseActive(active, now);
                AddSegment();
            }

            var closed = _segments.Take(_segments.Count - 1)
                .TakeWhile(s => s.NextOffset <= StableOffset && (Settings.MinCompactionLag <= TimeSpan.Zero || now - s.Time >= Settings.MinCompactionLag.TotalMilliseconds)).ToList();
            var dirty = closed.Where(s => s.NextOffset > _compactedTo).Sum(s => s.Size);
            var tombstonesDue = closed.Any(s => s.HasTombstones && TombstonesAreDue(s, now));
            if (!tombstonesDue && (dirty == 0 || dirty < Settings.MinCleanableRatio * closed.Sum(s => s.Size)))
                return [];
            if (closed.Count > 0)
                Checkpoint(_segments[^1]);
            return closed;
        }
    }

    /// <summary>The offset of each key's last committed record among those that no compaction has seen yet, as far as there is room; drops the segments beyond from the list.</summary>
    /// <returns>The keys, and the offset before which every record was looked at.</returns>
    private (Dictionary<UInt128, long> Latest, long End) LatestOffsets(List<Segment> segments, ILookup<long, AbortedTransaction> aborted)
    {
        var latest = new Dictionary<UInt128, long>();
        for (var i = 0; i < segments.Count; i++)
        {
            if (segments[i].NextOffset <= _compactedTo)
                continue;
            foreach (var batch in segments[i].Headers(0, segments[i].Size))
            {
                if (batch.Header.NextOffset <= _compactedTo || batch.Header.IsControl || IsAborted(batch.Header, aborted))
                    continue;
                var records = ReadRecords(batch.Header, segments[i].ReadBatch(batch), out var error);
                if (error is not null)
                    Unreadable?.Invoke(batch.Header.BaseOffset, error);
                foreach (var record in records)
                {
                    if (record.Offset < _compactedTo || record.Key is not { } key)
                        continue;
                    var hash = Hash(key.Span);
                    if (latest.Count >= MaxKeys && !latest.ContainsKey(hash))
                    {
                        segments.RemoveRange(i + 1, segments.Count - i - 1);
                        return (latest, record.Offset);
                    }

                    latest[hash] = record.Offset;
                }
            }
        }

        return (latest, segments[^1].NextOffset);
    }

    /// <summary>All records of a batch, or none where one of them cannot be read: then <paramref name="error"/> says why.</summary>
    private static List<Record> ReadRecords(in RecordBatchHeader header, byte[] batch, out string? error)
    {
        try
        {
            error = null;
            return [.. RecordReader.Read(header, batch)];
        }
        catch (InvalidDataException e)
        {
            error = e.Message;
            return [];
        }
    }

    /// <summary>Writes the survivors of some segments to one new file, and puts it in their place.</summary>
    /// <returns>The new size, or null where the segments are not there any more.</returns>
    private long? Rewrite(List<Segment> group, Dictionary<UInt128, long> latest, long end, ILookup<long, AbortedTransaction> aborted, long now, bool keepLast)
    {
        var path = Segment.PathOf(_directory, group[0].BaseOffset);
        var temporary = path + ".tmp";
        FileChanges.Delete(temporary);
        var rewritten = Segment.CreateAt(temporary, group[0].BaseOffset);
        try
        {
            Copy(group, rewritten, latest, end, aborted, now, keepLast);
        }
        catch
        {
            rewritten.Dispose();
            throw;
        }

        rewritten.CreatedAt = group[0].CreatedAt;
        rewritten.ClosedAt = group.Max(s => s.ClosedAt);
        return Swap(group, rewritten, path) ? rewritten.Size : null;
    }

    private void Copy(
        List<Segment> group, Segment rewritten, Dictionary<UInt128, long> latest, long end, ILookup<long, AbortedTransaction> aborted, long now, bool keepLast)
    {
        foreach (var segment in group)
        {
            var dropTombstones = TombstonesAreDue(segment, now);
            foreach (var batch in segment.Headers(0, segment.Size))
            {
                var last = keepLast && batch.Header.NextOffset == group[^1].NextOffset;
                if (Survivors(segment, batch, latest, end, aborted, dropTombstones, last, out var tombstones) is not { } bytes)
                    continue;
                rewritten.HasTombstones |= tombstones;
                rewritten.Append(bytes, RecordBatchHeader.Read(bytes));
            }
        }

        rewritten.Flush();
    }

    private bool Swap(List<Segment> group, Segment rewritten, string path)
    {
        lock (_lock)
        {
            var at = _segments.IndexOf(group[0]);
            if (_deleted || at < 0 || group.Where((s, i) => !ReferenceEquals(_segments.ElementAtOrDefault(at + i), s)).Any())
            {
                rewritten.Dispose();
                FileChanges.Delete(rewritten.Path);
                return false;
            }

            // In this order a crash, or a disk that fails, leaves the old segments, or the new one under a name that tells the next start which old ones it replaces.
            var producers = SegmentCheckpoint.LoadProducers(group[^1]);
            var isEmpty = rewritten.Size == 0;
            try
            {
                foreach (var segment in group)
                    FileChanges.Delete(SegmentCheckpoint.PathOf(segment));
                if (isEmpty)
                    FileChanges.Delete(path);
                else
                    MoveIn(rewritten, group, path);

                // The new name has to be on the disk before the old ones go.
                if (_flush)
                    FileChanges.FlushDirectory(_directory);
            }
            catch
            {
                rewritten.Dispose();
                throw;
            }

            _segments.RemoveRange(at, group.Count);
            _hints.Clear();
            foreach (var segment in group)
                segment.Dispose();
            if (!isEmpty)
                _segments.Insert(at, rewritten);
            foreach (var segment in group.Skip(1))
                FileChanges.Delete(segment.Path);
            if (isEmpty)
            {
                rewritten.Dispose();
                FileChanges.Delete(rewritten.Path);
            }
            else
            {
                if (group.Count > 1)
                    rewritten.MoveTo(path);
                _swapping = false;
                SegmentCheckpoint.Save(rewritten, producers);
            }

            return true;
        }
    }

    private void MoveIn(Segment rewritten, List<Segment> group, string path)
    {
        _swapping = group.Count > 1;
        rewritten.MoveTo(_swapping ? SwapPath(group) : path);
    }

    /// <summary>Ends what a disk that failed has cut short, before more is put in its place; the caller holds the lock.</summary>
    private void EndSwaps()
    {
        if (!_swapping)
            return;
        foreach (var swap in Directory.GetFiles(_directory, "*" + SwapExtension))
        {
            if (_segments.Find(s => s.Path == swap) is { } segment)
                segment.MoveTo(RemoveReplaced(swap));
            else
                FileChanges.Delete(swap); // what it was to replace is still in use
        }

        _swapping = false;
    }

    /// <summary>Names the offsets whose segments the file replaces: from the first on, up to the second.</summary>
    private string SwapPath(List<Segment> group) => Path.Combine(_directory, $"{group[0].BaseOffset:D20}-{group[^1].NextOffset:D20}{SwapExtension}");

    /// <summary>What is left of a batch; null for nothing.</summary>
    /// <param name="end">Records from here on stay, tombstones too: what they replace may be here yet.</param>
    /// <param name="last">The last batch stays, without records if need be: readers have to get past it.</param>
    private static byte[]? Survivors(
        Segment segment, BatchLocation batch, Dictionary<UInt128, long> latest, long end, ILookup<long, AbortedTransaction> aborted, bool dropTombstones,
        bool last, out bool tombstones)
    {
        tombstones = false;
        var header = batch.Header;
        var bytes = segment.ReadBatch(batch);
        var kept = new List<ReadOnlyMemory<byte>>();
        long maxTimestamp = header.HasLogAppendTime ? header.MaxTimestamp : -1;
        if (!header.IsControl && !IsAborted(header, aborted))
        {
            var records = ReadRecords(header, bytes, out var error);
            if (error is not null)
            {
                if (header.IsTransactional)
                    Plain(header).Write(bytes);
                return bytes;
            }

            foreach (var record in records)
            {
                if (record.Key is not { } key)
                    continue;
                if (record.Offset < end && ((latest.TryGetValue(Hash(key.Span), out var newest) && newest > record.Offset) || (record.Value is null && dropTombstones)))
                    continue;
                tombstones |= record.Value is null;
                kept.Add(record.Raw);
                maxTimestamp = Math.Max(maxTimestamp, record.Timestamp);
            }
        }

        if (kept.Count == 0 && !last)
            return null;
        if (kept.Count == header.RecordCount && !header.IsTransactional)
            return bytes;

        var plain = Plain(header);
        return RecordBatchBuilder.Assemble(
            kept.Count > 0 ? plain with { MaxTimestamp = maxTimestamp } : plain with { Attributes = RecordBatchHeader.WithoutCompression(plain.Attributes) }, kept);
    }

    /// <summary>What a transaction committed is from now on a plain record: its marker is gone.</summary>
    private static RecordBatchHeader Plain(in RecordBatchHeader header) => header with
    {
        Attributes = RecordBatchHeader.WithoutTransaction(header.Attributes),
        ProducerId = -1,
        ProducerEpoch = -1,
        BaseSequence = -1,
    };

    private static bool IsAborted(in RecordBatchHeader header, ILookup<long, AbortedTransaction> aborted)
    {
        if (!header.IsTransactional)
            return false;
        foreach (var transaction in aborted[header.ProducerId])
        {
            if (transaction.FirstOffset <= header.BaseOffset && header.BaseOffset <= transaction.LastOffset)
                return true;
        }

        return false;
    }

    private static UInt128 Hash(ReadOnlySpan<byte> key)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(key, hash);
        return BinaryPrimitives.ReadUInt128LittleEndian(hash);
    }
}
