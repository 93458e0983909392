using System.Buffers;
using Microsoft.Win32.SafeHandles;

namespace Kappa.Iot.Embedded.Log;

/// <summary>One file of a partition's log: batches end to end, in offset order, exactly as they go over the wire.</summary>
internal sealed class Segment : IDisposable
{
    public const string Extension = ".log";
    private const int ScanSize = 64 * 1024;
    private const int FirstScanSize = 1024;

    private readonly SafeFileHandle _file;
    private int _holders = 1;
    private bool _isDisposed;

    private Segment(string path, long baseOffset, SafeFileHandle file)
    {
        Path = path;
        BaseOffset = baseOffset;
        NextOffset = baseOffset;
        _file = file;
    }

    public string Path { get; private set; }

    public long BaseOffset { get; }

    /// <summary>Bytes of whole, checked batches.</summary>
    public long Size { get; private set; }

    /// <summary>Bytes that the next start need not read, because a checkpoint vouches for them; null where a new one is wanted, whatever it says.</summary>
    public long? CheckpointedSize { get; set; } = 0;

    public long NextOffset { get; set; }

    /// <summary>The latest timestamp in the segment, ms; -1 while it is empty, or where no record has one.</summary>
    public long MaxTimestamp { get; private set; } = -1;

    /// <summary>The latest timestamp, ms; where no record has one, when the segment was rolled or last written to.</summary>
    public long Time =>
        MaxTimestamp >= 0 ? MaxTimestamp : ClosedAt > 0 ? ClosedAt : new DateTimeOffset(System.IO.File.GetLastWriteTimeUtc(Path)).ToUnixTimeMilliseconds();

    /// <summary>When the first batch was written, ms since 1970; 0 while it is empty.</summary>
    public long CreatedAt { get; set; }

    /// <summary>When the segment was rolled, ms since 1970; 0 for the active one.</summary>
    public long ClosedAt { get; set; }

    /// <summary>Whether compaction left tombstones here that are to go later.</summary>
    public bool HasTombstones { get; set; }

    public SparseIndex Index { get; } = new();

    /// <summary>Transactions whose abort marker lies in this segment, in the order of the markers.</summary>
    public List<AbortedTransaction> Aborted { get; } = [];

    /// <summary>For reading only. Open until the segment is disposed and nobody holds it any more.</summary>
    public SafeFileHandle File => _file;

    public long FileLength => RandomAccess.GetLength(_file);

    public static string PathOf(string directory, long baseOffset) => System.IO.Path.Combine(directory, $"{baseOffset:D20}{Extension}");

    public static Segment Create(string directory, long baseOffset) => CreateAt(PathOf(directory, baseOffset), baseOffset);

    /// <summary>A new segment under another name, for compaction to fill.</summary>
    public static Segment CreateAt(string path, long baseOffset) =>
        new(path, baseOffset, FileChanges.Create(path, FileMode.CreateNew));

    public static Segment Open(string path, long baseOffset) =>
        new(path, baseOffset, System.IO.File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete));

    /// <summary>Hands the batch to the operating system. If that fails, the file is as it was.</summary>
    /// <param name="flush">Forces it down to the disk as well.</param>
    public void Append(ReadOnlySpan<byte> batch, in RecordBatchHeader header, bool flush = false)
    {
        try
        {
            FileChanges.Write(_file, batch, Size);
            if (flush)
                Flush();
        }
        catch (IOException)
        {
            FileChanges.SetLength(_file, Size);
            throw;
        }

        Note(header);
    }

    /// <summary>Takes a batch that is already in the file into the index.</summary>
    public void Note(in RecordBatchHeader header)
    {
        Index.Add(header.BaseOffset, Size, MaxTimestamp);
        Size += header.Size;
        NextOffset = header.NextOffset;
        MaxTimestamp = Math.Max(MaxTimestamp, header.MaxTimestamp);
    }

    /// <summary>Restores what a checkpoint said about this file.</summary>
    public void Restore(long size, long nextOffset, long maxTimestamp)
    {
        Size = size;
        NextOffset = nextOffset;
        MaxTimestamp = maxTimestamp;
    }

    /// <summary>Fills the buffer as far as the file goes.</summary>
    public int Read(Span<byte> buffer, long position)
    {
        var total = 0;
        while (total < buffer.Length)
        {
            var read = RandomAccess.Read(_file, buffer[total..], position + total);
            if (read == 0)
                break;
            total += read;
        }

        return total;
    }

    public byte[] ReadBatch(in BatchLocation batch)
    {
        var bytes = new byte[batch.Header.Size];
        if (Read(bytes, batch.Position) < bytes.Length)
            throw new InvalidDataException($"{Path} ends inside the batch at offset {batch.Header.BaseOffset}.");
        return bytes;
    }

    /// <summary>Walks from batch to batch, reading headers only.</summary>
    public IEnumerable<BatchLocation> Headers(long from, long to)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(ScanSize);
        try
        {
            long start = 0;
            var filled = 0;
            var size = FirstScanSize;
            for (var position = from; position + RecordBatchHeader.Length <= to;)
            {
                if (position < start || position + RecordBatchHeader.Length > start + filled)
                {
                    // Large batches are passed over, small ones are read through, the more at once the more of them there are.
                    size = filled > 0 && position <= start + filled ? Math.Min(ScanSize, 2 * size) : FirstScanSize;
                    start = position;
                    filled = Read(buffer.AsSpan(0, (int)Math.Min(size, to - position)), position);
                    if (filled < RecordBatchHeader.Length)
                        yield break;
                }

                var header = RecordBatchHeader.Read(buffer.AsSpan((int)(position - start)));
                if (header.Size < 0 || position + header.Size > to)
                    yield break;
                yield return new BatchLocation(header, position);
                position += header.Size;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Forces what was written down to the disk itself.</summary>
    public void Flush() => FileChanges.Flush(_file);

    /// <summary>Cuts the file off at the end of its last whole batch.</summary>
    public void CutTail() => FileChanges.SetLength(_file, Size);

    /// <summary>Renames the file, over one that may be there.</summary>
    public void MoveTo(string path)
    {
        FileChanges.Move(Path, path);
        Path = path;
    }

    /// <summary>Keeps the file open beyond <see cref="Dispose"/>, until <see cref="Release"/>.</summary>
    /// <exception cref="ObjectDisposedException">It is too late.</exception>
    public void Hold()
    {
        for (var holders = Volatile.Read(ref _holders); ;)
        {
            ObjectDisposedException.ThrowIf(holders == 0, this);
            var seen = Interlocked.CompareExchange(ref _holders, holders + 1, holders);
            if (seen == holders)
                return;
            holders = seen;
        }
    }

    public void Release()
    {
        if (Interlocked.Decrement(ref _holders) == 0)
            _file.Dispose();
    }

    public void Dispose()
    {
        if (!Interlocked.Exchange(ref _isDisposed, true))
            Release();
    }
}
