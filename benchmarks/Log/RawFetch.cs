using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Kappa.Iot.Benchmarks.Log;

/// <summary>
/// Reads a topic's first partition with plain Fetch requests (version 4), one after the other; the next is on its way while an answer is looked
/// at. A client library spends more on a record than any server on handing it out, so its reading says little of the server.
/// </summary>
/// <param name="unpacks">Looks at every record; otherwise the batches are taken as they are.</param>
internal sealed class RawFetch(string address, string topic, bool unpacks)
{
    private const int MaxBytes = 8 << 20, HeaderBytes = 61;

    private byte[] _answer = new byte[MaxBytes];

    /// <returns>From the first request to the last answer.</returns>
    /// <exception cref="InvalidDataException">The server answers an error, or something else than was asked for.</exception>
    public TimeSpan Read(int records, CancellationToken cancel)
    {
        var clock = Stopwatch.StartNew();
        Count(records, cancel);
        return clock.Elapsed;
    }

    /// <summary>Reads from the start until there were so many records, and counts them and their batches.</summary>
    /// <exception cref="InvalidDataException">As above.</exception>
    public (int Records, int Batches) Count(int records, CancellationToken cancel)
    {
        var colon = address.LastIndexOf(':');
        using var client = new TcpClient(address[..colon], int.Parse(address[(colon + 1)..], CultureInfo.InvariantCulture)) { NoDelay = true };
        var stream = client.GetStream();
        long offset = 0;
        var (read, batches) = (0, 0);
        stream.Write(Request(offset));
        while (read < records)
        {
            cancel.ThrowIfCancellationRequested();
            var answer = Batches(Answer(stream));
            var (taken, of, next) = Take(answer, offset);
            if (taken == 0) throw new InvalidDataException($"{address} has no record of {topic} from offset {offset} on, of {records} that were written.");
            (read, batches, offset) = (read + taken, batches + of, next);
            if (read < records) stream.Write(Request(offset));
            if (unpacks) Unpack(answer, of);
        }

        return (read, batches);
    }

    private byte[] Request(long offset)
    {
        using var body = new MemoryStream();
        void Int16(short value) => body.Write([(byte)(value >> 8), (byte)value]);
        void Int32(int value) => body.Write([(byte)(value >> 24), (byte)(value >> 16), (byte)(value >> 8), (byte)value]);
        Int32(0); // the length, below
        Int16(1);
        Int16(4);
        Int32(1); // correlation
        Int16(-1); // no client id
        Int32(-1);
        Int32(500); // longest wait, ms
        Int32(1); // least bytes
        Int32(MaxBytes);
        body.WriteByte(0); // read_uncommitted
        Int32(1);
        var name = Encoding.UTF8.GetBytes(topic);
        Int16((short)name.Length);
        body.Write(name);
        Int32(1);
        Int32(0); // partition
        Int32((int)(offset >> 32));
        Int32((int)offset);
        Int32(MaxBytes);
        var request = body.ToArray();
        BinaryPrimitives.WriteInt32BigEndian(request, request.Length - 4);
        return request;
    }

    private ReadOnlySpan<byte> Answer(NetworkStream stream)
    {
        stream.ReadExactly(_answer, 0, 4);
        var length = BinaryPrimitives.ReadInt32BigEndian(_answer);
        if (length > _answer.Length) _answer = new byte[length];
        stream.ReadExactly(_answer, 0, length);
        return _answer.AsSpan(0, length);
    }

    private ReadOnlySpan<byte> Batches(ReadOnlySpan<byte> answer)
    {
        // Correlation, throttle time, one topic with its name, one partition with its number.
        var at = 4 + 4 + 4 + 2 + Encoding.UTF8.GetByteCount(topic) + 4 + 4;
        var error = BinaryPrimitives.ReadInt16BigEndian(answer[at..]);
        if (error != 0) throw new InvalidDataException($"{address} answers error {error} for {topic}.");
        at += 2 + 8 + 8; // high watermark, last stable offset
        at += 4 + (16 * Math.Max(0, BinaryPrimitives.ReadInt32BigEndian(answer[at..]))); // aborted transactions
        return answer.Slice(at + 4, Math.Max(0, BinaryPrimitives.ReadInt32BigEndian(answer[at..])));
    }

    /// <summary>Counts the records and whole batches, and says where to go on.</summary>
    private static (int Records, int Batches, long Next) Take(ReadOnlySpan<byte> batches, long offset)
    {
        var (records, count) = (0, 0);
        while (batches.Length >= HeaderBytes && 12 + BinaryPrimitives.ReadInt32BigEndian(batches[8..]) is var length && length <= batches.Length)
        {
            records += BinaryPrimitives.ReadInt32BigEndian(batches[57..]);
            offset = BinaryPrimitives.ReadInt64BigEndian(batches) + BinaryPrimitives.ReadInt32BigEndian(batches[23..]) + 1;
            batches = batches[length..];
            count++;
        }

        return (records, count, offset);
    }

    /// <summary>Goes through every record of whole, uncompressed batches: its time, offset, key, value and headers.</summary>
    private static void Unpack(ReadOnlySpan<byte> batches, int count)
    {
        for (; count > 0; count--)
        {
            var end = 12 + BinaryPrimitives.ReadInt32BigEndian(batches[8..]);
            if ((batches[22] & 7) != 0) throw new InvalidDataException("The batches are compressed; they are read as they were written, without.");
            var at = HeaderBytes;
            for (var records = BinaryPrimitives.ReadInt32BigEndian(batches[57..]); records > 0; records--)
            {
                var next = (int)VarInt(batches, ref at);
                next += at++; // attributes
                VarInt(batches, ref at); // time
                VarInt(batches, ref at); // offset
                Bytes(batches, ref at); // key
                Bytes(batches, ref at); // value
                for (var headers = VarInt(batches, ref at); headers > 0; headers--)
                {
                    Bytes(batches, ref at);
                    Bytes(batches, ref at);
                }

                if (at != next) throw new InvalidDataException($"A record ends at byte {at} of its batch, not at {next}.");
            }

            if (at != end) throw new InvalidDataException($"A batch of {end} bytes has records up to byte {at}.");
            batches = batches[end..];
        }
    }

    /// <returns>Empty for null too.</returns>
    private static ReadOnlySpan<byte> Bytes(ReadOnlySpan<byte> from, ref int at)
    {
        var length = Math.Max(0, (int)VarInt(from, ref at));
        at += length;
        return from.Slice(at - length, length);
    }

    private static long VarInt(ReadOnlySpan<byte> from, ref int at)
    {
        ulong value = 0;
        for (var shift = 0; ; shift += 7)
        {
            var part = from[at++];
            value |= (ulong)(part & 0x7F) << shift;
            if (part < 0x80) return (long)(value >> 1) ^ -(long)(value & 1);
        }
    }
}
