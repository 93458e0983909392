using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Kappa.Iot.Benchmarks.Log;

/// <summary>
/// Reads a topic's first partition with plain Fetch requests (version 4), one after the other, and takes the batches as they are. A client library
/// spends more on unpacking a record than any server on handing it out, so its reading says little of the server.
/// </summary>
internal sealed class RawFetch(string address, string topic)
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
        while (read < records)
        {
            cancel.ThrowIfCancellationRequested();
            stream.Write(Request(offset));
            var (taken, of, next) = Take(Answer(stream), offset);
            if (taken == 0) throw new InvalidDataException($"{address} has no record of {topic} from offset {offset} on, of {records} that were written.");
            (read, batches, offset) = (read + taken, batches + of, next);
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

    /// <summary>Counts the records and whole batches, and says where to go on.</summary>
    private (int Records, int Batches, long Next) Take(ReadOnlySpan<byte> answer, long offset)
    {
        // Correlation, throttle time, one topic with its name, one partition with its number.
        var at = 4 + 4 + 4 + 2 + Encoding.UTF8.GetByteCount(topic) + 4 + 4;
        var error = BinaryPrimitives.ReadInt16BigEndian(answer[at..]);
        if (error != 0) throw new InvalidDataException($"{address} answers error {error} for {topic}.");
        at += 2 + 8 + 8; // high watermark, last stable offset
        at += 4 + (16 * Math.Max(0, BinaryPrimitives.ReadInt32BigEndian(answer[at..]))); // aborted transactions
        var batches = answer.Slice(at + 4, Math.Max(0, BinaryPrimitives.ReadInt32BigEndian(answer[at..])));
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
}
