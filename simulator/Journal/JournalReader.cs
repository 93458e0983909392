using System.Buffers.Binary;
using System.Globalization;
using System.IO.Hashing;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Kappa.Iot.Simulator.Physics;
using Kappa.Iot.Simulator.Publishing;

namespace Kappa.Iot.Simulator.Journal;

/// <summary>Reads the segments of a journal back, oldest first.</summary>
internal static class JournalReader
{
    public const int HeadBytes = 28;

    private const string Suffix = ".journal";

    public static string SegmentPath(string folder, int segment) => Path.Combine(folder, segment.ToString("D8", CultureInfo.InvariantCulture) + Suffix);

    public static JournalContent Read(string folder)
    {
        var content = new JournalContent();
        var open = new LinkedList<Delivery>();
        var byName = new Dictionary<(string, ulong, ulong), LinkedListNode<Delivery>>();
        var files = Directory.GetFiles(folder, "*" + Suffix).Order(StringComparer.Ordinal).ToList();
        foreach (var path in files)
        {
            var segment = int.Parse(Path.GetFileNameWithoutExtension(path), CultureInfo.InvariantCulture);
            content.Segments.Add(segment);
            ReadSegment(path, segment, path == files[0], content, open, byName);
        }

        content.Open = [.. open];
        return content;
    }

    private static void ReadSegment(
        string path, int segment, bool first, JournalContent content, LinkedList<Delivery> open, Dictionary<(string, ulong, ulong), LinkedListNode<Delivery>> byName)
    {
        var bytes = ReadAll(path);
        var at = 0;
        while (TryRecord(bytes, at, out var record))
        {
            at += 8 + record.Length;
            var kind = (RecordKind)record[0];
            var bootId = BinaryPrimitives.ReadUInt64LittleEndian(record[4..]);
            var sequence = BinaryPrimitives.ReadUInt64LittleEndian(record[12..]);
            int nameLength = record[1], stateLength = BinaryPrimitives.ReadUInt16LittleEndian(record[2..]);
            var rest = record[(HeadBytes - 8)..];
            var vin = Encoding.UTF8.GetString(rest[..nameLength]);
            var payload = rest[(nameLength + stateLength)..];

            switch (kind)
            {
                case RecordKind.Totals when first:
                    content.Published = BinaryPrimitives.ReadInt64LittleEndian(payload);
                    content.Acknowledged = BinaryPrimitives.ReadInt64LittleEndian(payload[8..]);
                    content.Refused = BinaryPrimitives.ReadInt64LittleEndian(payload[16..]);
                    break;
                case RecordKind.Totals or RecordKind.CheckpointEnd:
                    break;
                case RecordKind.Vehicle:
                    if (first) content.Vehicles[vin] = new VehicleRecord(bootId, State(path, rest.Slice(nameLength, stateLength)));
                    break;
                case RecordKind.Batch:
                    content.Published++;
                    content.Vehicles[vin] = new VehicleRecord(bootId, State(path, rest.Slice(nameLength, stateLength)));
                    byName[(vin, bootId, sequence)] = open.AddLast(new Delivery(vin, bootId, sequence, payload.ToArray()) { Segment = segment });
                    break;
                case RecordKind.Acknowledged or RecordKind.Refused:
                    if (kind == RecordKind.Acknowledged) content.Acknowledged++;
                    else content.Refused++;
                    if (byName.Remove((vin, bootId, sequence), out var node)) open.Remove(node);
                    break;
                default:
                    throw new InvalidDataException($"{path}: unknown record {(byte)kind}. The journal is of another version; give --state a new folder.");
            }
        }

        CheckRest(path, bytes, at);
    }

    private static byte[] ReadAll(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        return bytes;
    }

    /// <summary>The process may have been killed while it wrote: the last record of a segment may be cut off, but nothing may follow it.</summary>
    private static void CheckRest(string path, byte[] bytes, int at)
    {
        if (bytes.Length - at < HeadBytes) return;
        var length = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(at));
        if (length < HeadBytes - 8 || at + 8L + length < bytes.Length)
            throw new InvalidDataException($"{path}: damaged at byte {at}. Delete the folder to begin anew (what was not acknowledged is lost then).");
    }

    private static bool TryRecord(byte[] bytes, int at, out ReadOnlySpan<byte> record)
    {
        record = default;
        if (bytes.Length - at < HeadBytes) return false;
        var length = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(at));
        if (length < HeadBytes - 8 || at + 8L + length > bytes.Length) return false;
        record = bytes.AsSpan(at + 8, length);
        return Crc32.HashToUInt32(record) == BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at + 4));
    }

    private static VehicleState State(string path, ReadOnlySpan<byte> bytes) =>
        bytes.Length == Unsafe.SizeOf<VehicleState>()
            ? MemoryMarshal.Read<VehicleState>(bytes)
            : throw new InvalidDataException($"{path}: written by another version of the simulator. Give --state a new folder.");
}
