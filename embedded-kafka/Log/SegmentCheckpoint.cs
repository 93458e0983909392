using System.Buffers.Binary;

namespace Kappa.Iot.Embedded.Log;

/// <summary>
/// The file beside a segment that makes opening it quick: index, aborted transactions and producer states as of a size of the segment.
/// It is written when a segment is rolled, when the active one has grown by a good piece, before older segments go, and when the server
/// stops. Without it, or where it does not fit, the segment itself is read.
/// </summary>
internal static class SegmentCheckpoint
{
    private const int FormatVersion = 2;

    public static void Save(Segment segment, ProducerStates producers) => Write(segment, Serialize(segment, producers));

    /// <summary>Puts a checkpoint beside its segment. It may be lost with the power, but never half: its checksum would not match.</summary>
    public static void Write(Segment segment, byte[] checkpoint)
    {
        AtomicFile.Write(PathOf(segment), checkpoint, durable: false);
        segment.CheckpointedSize = segment.Size;
    }

    public static byte[] Serialize(Segment segment, ProducerStates producers)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        writer.Write(FormatVersion);
        writer.Write(segment.Size);
        writer.Write(segment.NextOffset);
        writer.Write(segment.MaxTimestamp);
        writer.Write(segment.CreatedAt);
        writer.Write(segment.ClosedAt);
        writer.Write(segment.HasTombstones);
        writer.Write(segment.Index.Entries.Count);
        foreach (var entry in segment.Index.Entries)
        {
            writer.Write(entry.Offset);
            writer.Write(entry.Position);
            writer.Write(entry.MaxTimestampBefore);
        }

        writer.Write(segment.Aborted.Count);
        foreach (var aborted in segment.Aborted)
        {
            writer.Write(aborted.ProducerId);
            writer.Write(aborted.FirstOffset);
            writer.Write(aborted.LastOffset);
            writer.Write(aborted.StableOffset);
        }

        producers.Write(writer);
        writer.Flush();
        var crc = Crc32C.Compute(stream.GetBuffer().AsSpan(0, (int)stream.Length));
        writer.Write(crc);
        return stream.ToArray();
    }

    /// <returns>False where there is none that can be trusted; segment and producers are then untouched.</returns>
    public static bool TryLoad(Segment segment, ProducerStates producers)
    {
        var path = PathOf(segment);
        if (!File.Exists(path))
            return false;

        var bytes = File.ReadAllBytes(path);
        if (bytes.Length < 8 || Crc32C.Compute(bytes.AsSpan(0, bytes.Length - 4)) != BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(bytes.Length - 4)))
            return false;

        using var reader = new BinaryReader(new MemoryStream(bytes, writable: false));
        if (reader.ReadInt32() != FormatVersion)
            return false;
        var size = reader.ReadInt64();
        if (size > segment.FileLength)
            return false;

        segment.CheckpointedSize = size;
        segment.Restore(size, reader.ReadInt64(), reader.ReadInt64());
        segment.CreatedAt = reader.ReadInt64();
        segment.ClosedAt = reader.ReadInt64();
        segment.HasTombstones = reader.ReadBoolean();
        for (var count = reader.ReadInt32(); count > 0; count--)
            segment.Index.Load(new IndexEntry(reader.ReadInt64(), reader.ReadInt64(), reader.ReadInt64()));
        for (var count = reader.ReadInt32(); count > 0; count--)
            segment.Aborted.Add(new AbortedTransaction(reader.ReadInt64(), reader.ReadInt64(), reader.ReadInt64(), reader.ReadInt64()));
        producers.Read(reader);
        return true;
    }

    /// <summary>The producers as of the end of a closed segment; none where its checkpoint is missing.</summary>
    public static ProducerStates LoadProducers(Segment segment)
    {
        var producers = new ProducerStates();
        if (!File.Exists(PathOf(segment)))
            return producers;
        using var copy = Segment.Open(segment.Path, segment.BaseOffset);
        TryLoad(copy, producers);
        return producers;
    }

    public static string PathOf(Segment segment) => PathOf(segment.Path);

    public static string PathOf(string segment) => Path.ChangeExtension(segment, ".checkpoint");
}
