using System.Globalization;

namespace Kappa.Iot.Embedded.Log;

internal sealed partial class PartitionLog
{
    private const string StartOffsetFile = "start-offset";
    private const string AsideExtension = ".cut";

    /// <summary>Files with what was cut off or set aside, at this start or an earlier one.</summary>
    private readonly List<string> _aside = [];

    /// <summary>How many files hold what was cut off or set aside.</summary>
    public int Aside
    {
        get
        {
            lock (_lock)
                return _aside.Count;
        }
    }

    /// <summary>Bytes that were not whole, valid batches in their place, and were cut off or set aside when the log was opened.</summary>
    public long CutBytes { get; private set; }

    /// <summary>
    /// Opens a partition's folder. What the checkpoints do not vouch for is read and checked batch by batch; the log ends before the
    /// first batch that is torn or has a wrong checksum.
    /// </summary>
    public static PartitionLog Open(string name, string directory, LogSettings settings, TimeProvider time, bool flush, ProducerLimit? producers = null)
    {
        var log = new PartitionLog(name, directory, settings, time, flush, producers);
        if (!Directory.Exists(directory))
            return log;
        try
        {
            log.Recover(directory);
            return log;
        }
        catch
        {
            log.Dispose();
            throw;
        }
    }

    private void Recover(string directory)
    {
        foreach (var leftover in Directory.EnumerateFiles(directory, "*.tmp"))
            FileChanges.Delete(leftover);

        foreach (var swap in Directory.GetFiles(directory, "*" + SwapExtension))
            EndSwap(swap);

        var paths = Directory.GetFiles(directory, "*" + Segment.Extension);
        Array.Sort(paths, StringComparer.Ordinal);
        var broken = false;
        for (var i = 0; i < paths.Length; i++)
        {
            if (broken)
            {
                // A segment after a broken one would leave a hole in the offsets.
                CutBytes += new FileInfo(paths[i]).Length;
                SetAside(paths[i]);
                continue;
            }

            var segment = Segment.Open(paths[i], BaseOf(paths[i]));
            if (_segments.Count > 0 && segment.BaseOffset < _segments[^1].NextOffset)
            {
                // An offset in the one before is wrong, or a version without *.swap was stopped in a compaction, before it could remove a segment whose records the one before has.
                segment.Dispose();
                CutBytes += new FileInfo(paths[i]).Length;
                SetAside(paths[i]);
                continue;
            }

            _segments.Add(segment);
            // The active segment is never compacted, so all others end before it.
            broken = !Recover(segment, i + 1 == paths.Length ? long.MaxValue : BaseOf(paths[^1]));
            EndOffset = Math.Max(EndOffset, Math.Max(segment.NextOffset, segment.BaseOffset));
        }

        foreach (var closed in _segments.SkipLast(1).Where(s => s.ClosedAt == 0))
            closed.ClosedAt = Now();
        LoadStartOffset();
        _aside.AddRange(Directory.GetFiles(directory, $"*{Segment.Extension}{AsideExtension}*"));
    }

    /// <summary>Compaction was stopped between the first and the last step of putting a segment in the place of others.</summary>
    private static void EndSwap(string swap)
    {
        var from = OffsetsOf(swap).From;
        using (var segment = Segment.Open(swap, from))
        {
            if (!IsWhole(segment))
            {
                // Not by a crash: it had been forced down before it got its name. What it was to replace is better.
                FileChanges.Move(swap, AsideOf(Segment.PathOf(Path.GetDirectoryName(swap)!, from)));
                return;
            }
        }

        FileChanges.Move(swap, RemoveReplaced(swap));
    }

    /// <summary>Removes the segments that a *.swap replaces, but for the one that it is renamed over.</summary>
    /// <returns>The path of that one.</returns>
    private static string RemoveReplaced(string swap)
    {
        var (from, to) = OffsetsOf(swap);
        var directory = Path.GetDirectoryName(swap)!;
        var path = Segment.PathOf(directory, from);
        foreach (var old in Directory.GetFiles(directory, "*" + Segment.Extension).Where(p => BaseOf(p) >= from && BaseOf(p) < to))
        {
            FileChanges.Delete(SegmentCheckpoint.PathOf(old));
            if (old != path)
                FileChanges.Delete(old);
        }

        return path;
    }

    private static (long From, long To) OffsetsOf(string swap)
    {
        var name = Path.GetFileNameWithoutExtension(swap).Split('-');
        return name.Length == 2 && long.TryParse(name[0], NumberStyles.None, CultureInfo.InvariantCulture, out var from) && long.TryParse(name[1], NumberStyles.None, CultureInfo.InvariantCulture, out var to)
            ? (from, to)
            : throw new InvalidDataException($"{swap} is no segment that compaction left: its name has to be the offsets that it replaces. Move it away.");
    }

    private static bool IsWhole(Segment segment)
    {
        long end = 0, next = segment.BaseOffset;
        foreach (var batch in segment.Headers(0, segment.FileLength))
        {
            if (batch.Header.BaseOffset < next || batch.Header.LastOffsetDelta < 0 || !IsWhole(batch.Header, segment.ReadBatch(batch)))
                return false;
            (end, next) = (batch.Position + batch.Header.Size, batch.Header.NextOffset);
        }

        return end == segment.FileLength;
    }

    private static long BaseOf(string path) => long.TryParse(Path.GetFileNameWithoutExtension(path), NumberStyles.None, CultureInfo.InvariantCulture, out var offset)
        ? offset
        : throw new InvalidDataException($"{path} is no segment: its name has to be the offset it begins with. Move it away.");

    /// <summary>A person may still want what is in it.</summary>
    private static void SetAside(string path)
    {
        FileChanges.Move(path, AsideOf(path));
        FileChanges.Delete(SegmentCheckpoint.PathOf(path));
    }

    private static string AsideOf(string path)
    {
        var aside = path + AsideExtension;
        for (var n = 2; File.Exists(aside); n++)
            aside = $"{path}{AsideExtension}{n}";
        return aside;
    }

    /// <param name="end">Offsets from here on belong to the active segment.</param>
    /// <returns>False if the segment's tail had to be cut off.</returns>
    private bool Recover(Segment segment, long end)
    {
        // One that does not fit now might seem to fit later, when the segment has grown.
        if (!SegmentCheckpoint.TryLoad(segment, _producers))
            FileChanges.Delete(SegmentCheckpoint.PathOf(segment));
        var length = segment.FileLength;
        var now = Now();
        while (segment.Size < length)
        {
            // One header at a time: every batch is read in full anyway, to check it.
            BatchLocation? next = null;
            foreach (var batch in segment.Headers(segment.Size, length))
            {
                next = batch;
                break;
            }

            if (next is not { } found || found.Header.BaseOffset < segment.NextOffset || found.Header.LastOffsetDelta < 0 || found.Header.LastOffset >= end || IsMisplaced(found, segment, length))
                break;
            var bytes = segment.ReadBatch(found);
            if (!IsWhole(found.Header, bytes))
                break;
            segment.Note(found.Header);
            TrackProducers(found.Header, bytes, now);
        }

        if (segment.CreatedAt == 0 && segment.Size > 0)
            segment.CreatedAt = now;
        if (segment.Size == length)
            return true;

        // A write that was cut short leaves no whole batch.
        if (segment.Headers(segment.Size, length).Any(b => IsWhole(b.Header, segment.ReadBatch(b))))
            KeepCopy(segment, length);
        CutBytes += length - segment.Size;
        segment.CutTail();
        return false;
    }

    /// <summary>
    /// Whether a batch claims an offset that cannot be its own: the checksum does not cover it. What compaction left may have gaps, but no batch that
    /// begins before the one in front of it ends.
    /// </summary>
    private static bool IsMisplaced(in BatchLocation batch, Segment segment, long length)
    {
        if (batch.Header.BaseOffset == segment.NextOffset)
            return false;
        if (batch.Header.BaseOffset - segment.NextOffset > int.MaxValue)
            return true;
        foreach (var after in segment.Headers(batch.Position + batch.Header.Size, length))
            return after.Header.BaseOffset == segment.NextOffset + batch.Header.LastOffsetDelta + 1;
        return false;
    }

    /// <exception cref="IOException">There is no room for it; the segment is as it was.</exception>
    private static void KeepCopy(Segment segment, long length)
    {
        try
        {
            FileChanges.Copy(segment.Path, AsideOf(segment.Path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException(
                $"{segment.Path} is damaged at byte {segment.Size} of {length}, and whole batches follow. They cannot stay in the log, and the copy that is to keep them cannot be written: {e.Message} "
                + $"Nothing was changed. To go on, make {length} bytes of room on the disk, or move the file to another one: then the log begins or ends without its records.", e);
        }
    }

    private static bool IsWhole(in RecordBatchHeader header, byte[] batch) =>
        header.Magic == RecordBatchHeader.CurrentMagic && RecordBatchHeader.HasValidCrc(batch, header.Crc);

    /// <summary>
    /// Writes a checkpoint of the active segment where it has grown by enough, so that a start after a crash need not read all of it.
    /// What it vouches for is on the disk before; neither takes the lock for long.
    /// </summary>
    public void CheckpointActive(long growth)
    {
        Segment active;
        byte[] checkpoint;
        long size;
        lock (_lock)
        {
            if (_deleted || _segments.Count == 0 || _segments[^1] is not { } last || last.Size - last.CheckpointedSize < growth)
                return;
            (active, size) = (last, last.Size);
            checkpoint = SegmentCheckpoint.Serialize(active, _producers);
        }

        active.Flush();
        lock (_lock)
        {
            if (_deleted || !ReferenceEquals(_segments[^1], active))
                return;
            SegmentCheckpoint.Write(active, checkpoint);
            active.CheckpointedSize = size;
        }
    }

    private void LoadStartOffset()
    {
        StartOffset = _segments.Count > 0 ? _segments[0].BaseOffset : 0;
        var path = Path.Combine(_directory, StartOffsetFile);
        if (File.Exists(path) && long.TryParse(File.ReadAllText(path), NumberStyles.None, CultureInfo.InvariantCulture, out var saved))
            StartOffset = Math.Max(StartOffset, saved);
        EndOffset = Math.Max(EndOffset, StartOffset);
    }

    private void SaveStartOffset(long offset) =>
        AtomicFile.Write(Path.Combine(_directory, StartOffsetFile), System.Text.Encoding.ASCII.GetBytes(offset.ToString(CultureInfo.InvariantCulture)));
}
