using System.Buffers.Binary;
using System.Net.Sockets;
using System.Numerics;
using System.Text;
using static Kappa.Iot.Embedded.Conformance.KafkaClients;

namespace Kappa.Iot.Embedded.Conformance;

/// <summary>A record batch as Kafka's protocol guide describes it, with whatever a client's interface would not let into it, and the request that sends it.</summary>
internal sealed record RawBatch
{
    public byte Magic { get; init; } = 2;

    /// <summary>Compression in the lowest three bits, then time stamped by the broker (8), transactional (16), control (32).</summary>
    public short Attributes { get; init; }

    public int LastOffsetDelta { get; init; }

    /// <summary>Milliseconds since 1970.</summary>
    public long FirstTime { get; init; } = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();

    /// <summary>Milliseconds since 1970; null for that of the first.</summary>
    public long? MaxTime { get; init; }

    public long ProducerId { get; init; } = -1;

    public short Epoch { get; init; } = -1;

    public int Sequence { get; init; } = -1;

    public int Count { get; init; } = 1;

    /// <summary>What follows the header.</summary>
    public byte[] Records { get; init; } = Record();

    /// <summary>A record with its length in front.</summary>
    public static byte[] Record(long timeDelta = 0, long offsetDelta = 0, string? key = null, string value = "v")
    {
        byte[] fields = [0, .. VarInt(timeDelta), .. VarInt(offsetDelta), .. Field(key), .. Field(value), 0]; // attributes, ..., no headers
        return [.. VarInt(fields.Length), .. fields];
    }

    public byte[] ToBytes()
    {
        byte[] covered =
        [
            .. Int16(Attributes), .. Int32(LastOffsetDelta), .. Int64(FirstTime), .. Int64(MaxTime ?? FirstTime), .. Int64(ProducerId), .. Int16(Epoch), .. Int32(Sequence),
            .. Int32(Count), .. Records,
        ];
        return [.. Int64(0), .. Int32(covered.Length + 9), .. Int32(0), Magic, .. Int32((int)Crc32C(covered)), .. covered];
    }

    /// <summary>One Produce request in version 7 for partition 0.</summary>
    /// <returns>The partition's error code; null where the server closed the connection.</returns>
    public static async Task<short?> ProduceAsync(KafkaClients kafka, string topic, byte[] batch, string? transactionalId = null)
    {
        var address = kafka.BootstrapServers.Split(':');
        using var socket = new TcpClient();
        await socket.ConnectAsync(address[0], int.Parse(address[1], System.Globalization.CultureInfo.InvariantCulture), Cancel);
        var stream = socket.GetStream();
        var name = Encoding.UTF8.GetBytes(topic);
        var id = Encoding.UTF8.GetBytes(transactionalId ?? "");
        byte[] body =
        [
            .. Int16(0), .. Int16(7), .. Int32(1), .. Int16(-1), // API, version, correlation, no client id
            .. Int16(transactionalId is null ? (short)-1 : (short)id.Length), .. id, .. Int16(-1), .. Int32(10_000),
            .. Int32(1), .. Int16((short)name.Length), .. name, .. Int32(1), .. Int32(0), .. Int32(batch.Length), .. batch,
        ];
        await stream.WriteAsync((byte[])[.. Int32(body.Length), .. body], Cancel);

        try
        {
            var answer = await ReadAsync(stream, BinaryPrimitives.ReadInt32BigEndian(await ReadAsync(stream, 4)));
            return BinaryPrimitives.ReadInt16BigEndian(answer.AsSpan(4 + 4 + 2 + name.Length + 4 + 4)); // after correlation, topic, and partition
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static async Task<byte[]> ReadAsync(NetworkStream stream, int length)
    {
        var bytes = new byte[length];
        await stream.ReadExactlyAsync(bytes, Cancel);
        return bytes;
    }

    private static uint Crc32C(byte[] data) => ~data.Aggregate(uint.MaxValue, BitOperations.Crc32C);

    private static byte[] Field(string? text)
    {
        var bytes = Encoding.UTF8.GetBytes(text ?? "");
        return [.. VarInt(text is null ? -1 : bytes.Length), .. bytes];
    }

    private static byte[] VarInt(long value)
    {
        var bytes = new List<byte>();
        var zigzag = (ulong)((value << 1) ^ (value >> 63));
        for (; zigzag >= 0x80; zigzag >>= 7)
            bytes.Add((byte)(zigzag | 0x80));
        return [.. bytes, (byte)zigzag];
    }

    private static byte[] Int16(short value) => [(byte)(value >> 8), (byte)value];

    private static byte[] Int32(int value) => [.. Int16((short)(value >> 16)), .. Int16((short)value)];

    private static byte[] Int64(long value) => [.. Int32((int)(value >> 32)), .. Int32((int)value)];
}
