using System.Buffers.Binary;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text;
using Kappa.Iot.Simulator.Physics;
using Kappa.Iot.Simulator.Publishing;

namespace Kappa.Iot.Simulator.Journal;

/// <summary>
/// Remembers, on disk, every batch from before it is published until it is acknowledged, and the state each vehicle was in after it.
/// A simulator that was killed at any moment resends exactly what is open and drives on from there.
/// </summary>
/// <remarks>
/// Segments are appended to and read back in order. Each begins with a checkpoint (totals so far, state of every vehicle), so a segment
/// can be deleted once all its batches, and all those of the segments before it, are acknowledged. An acknowledgement that was not
/// written down in time costs a repeated send, which the log's readers recognise; it never changes a count. Writes reach the operating
/// system before a batch is published: that survives the end of the process, not the end of the machine.
/// </remarks>
public sealed class FleetJournal : IDisposable
{
    private const long SegmentBytes = 8 << 20;

    private readonly string _folder;
    private readonly long _segmentBytes;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, VehicleRecord> _vehicles;
    private readonly SortedDictionary<int, int> _openPerSegment = [];
    private readonly MemoryStream _buffer = new();
    private FileStream _file;
    private int _segment;
    private long _published, _acknowledged, _refused, _checkpointBytes;

    private FleetJournal(string folder, JournalContent content, long segmentBytes)
    {
        _folder = folder;
        _segmentBytes = segmentBytes;
        _vehicles = content.Vehicles;
        (_published, _acknowledged, _refused) = (content.Published, content.Acknowledged, content.Refused);
        foreach (var segment in content.Segments) _openPerSegment[segment] = 0;
        foreach (var delivery in content.Open) _openPerSegment[delivery.Segment]++;
        _file = Begin(content.Segments.Count == 0 ? 1 : content.Segments[^1] + 1);
        DeleteSettled();
    }

    /// <summary>Opens the journal of a folder, or begins one.</summary>
    /// <param name="content">What earlier lives left.</param>
    /// <param name="segmentBytes">About how long a segment gets before the next begins.</param>
    /// <exception cref="InvalidDataException">A segment is damaged other than at its end.</exception>
    public static FleetJournal Open(string folder, out JournalContent content, long segmentBytes = SegmentBytes)
    {
        Directory.CreateDirectory(folder);
        content = JournalReader.Read(folder);
        return new FleetJournal(folder, content, segmentBytes);
    }

    /// <summary>Writes a batch down. When this returns, a killed process loses it no more.</summary>
    /// <returns>The segment it is in, for <see cref="Settled"/>.</returns>
    public int Append(string vin, ulong bootId, ulong sequence, ReadOnlySpan<byte> payload, in VehicleState state)
    {
        lock (_lock)
        {
            if (_file.Position + _buffer.Length - _checkpointBytes > _segmentBytes) Roll();
            _published++;
            _vehicles[vin] = new VehicleRecord(bootId, state);
            WriteRecord(RecordKind.Batch, vin, bootId, sequence, payload, state);
            _openPerSegment[_segment]++;
            Flush();
            return _segment;
        }
    }

    /// <summary>Notes that a batch is acknowledged (or refused for good) and need not be sent again.</summary>
    public void Settled(Delivery delivery, bool refused)
    {
        lock (_lock)
        {
            if (refused) _refused++;
            else _acknowledged++;
            // Goes to disk with the next batch.
            WriteRecord(refused ? RecordKind.Refused : RecordKind.Acknowledged, delivery.Vin, delivery.BootId, delivery.Sequence, default, null);
            if (--_openPerSegment[delivery.Segment] == 0 && delivery.Segment != _segment) DeleteSettled();
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            Flush();
            _file.Dispose();
            _buffer.Dispose();
        }
    }

    private void Roll()
    {
        Flush();
        _file.Dispose();
        _file = Begin(_segment + 1);
        DeleteSettled();
    }

    private FileStream Begin(int segment)
    {
        _segment = segment;
        _openPerSegment[segment] = 0;
        var file = new FileStream(JournalReader.SegmentPath(_folder, segment), FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 0);
        _file = file;
        WriteTotals();
        foreach (var (vin, record) in _vehicles) WriteRecord(RecordKind.Vehicle, vin, record.BootId, 0, default, record.State);
        WriteRecord(RecordKind.CheckpointEnd, "", 0, 0, default, null);
        _checkpointBytes = _buffer.Length;
        Flush();
        return file;
    }

    /// <summary>Deletes the oldest segments as long as nothing in them is open.</summary>
    private void DeleteSettled()
    {
        while (_openPerSegment.Count > 1)
        {
            var (oldest, open) = _openPerSegment.First();
            if (open > 0 || oldest == _segment) return;
            // Acknowledgements of what is deleted here must not be forgotten before it.
            Flush();
            File.Delete(JournalReader.SegmentPath(_folder, oldest));
            _openPerSegment.Remove(oldest);
        }
    }

    private void WriteTotals()
    {
        Span<byte> totals = stackalloc byte[24];
        BinaryPrimitives.WriteInt64LittleEndian(totals, _published);
        BinaryPrimitives.WriteInt64LittleEndian(totals[8..], _acknowledged);
        BinaryPrimitives.WriteInt64LittleEndian(totals[16..], _refused);
        WriteRecord(RecordKind.Totals, "", 0, 0, totals, null);
    }

    /// <summary>length, CRC-32 of what follows, kind, boot, sequence, VIN, state, payload.</summary>
    private void WriteRecord(RecordKind kind, string vin, ulong bootId, ulong sequence, ReadOnlySpan<byte> payload, VehicleState? state)
    {
        Span<byte> head = stackalloc byte[JournalReader.HeadBytes];
        Span<byte> name = stackalloc byte[byte.MaxValue];
        name = name[..Encoding.UTF8.GetBytes(vin, name)];
        var stateValue = state.GetValueOrDefault();
        var stateBytes = state is null ? default : MemoryMarshal.AsBytes(new ReadOnlySpan<VehicleState>(in stateValue));

        head[8] = (byte)kind;
        head[9] = (byte)name.Length;
        BinaryPrimitives.WriteUInt16LittleEndian(head[10..], (ushort)stateBytes.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(head[12..], bootId);
        BinaryPrimitives.WriteUInt64LittleEndian(head[20..], sequence);
        var length = head.Length - 8 + name.Length + stateBytes.Length + payload.Length;
        BinaryPrimitives.WriteInt32LittleEndian(head, length);

        var crc = new Crc32();
        crc.Append(head[8..]);
        crc.Append(name);
        crc.Append(stateBytes);
        crc.Append(payload);
        BinaryPrimitives.WriteUInt32LittleEndian(head[4..], crc.GetCurrentHashAsUInt32());

        _buffer.Write(head);
        _buffer.Write(name);
        _buffer.Write(stateBytes);
        _buffer.Write(payload);
    }

    private void Flush()
    {
        if (_buffer.Length == 0) return;
        _file.Write(_buffer.GetBuffer(), 0, (int)_buffer.Length);
        _buffer.SetLength(0);
    }
}
