using System.Buffers.Binary;
using System.Net.Sockets;
using System.Numerics;
using System.Text;
using Confluent.Kafka;
using static Kappa.Iot.Embedded.Conformance.KafkaClients;

namespace Kappa.Iot.Embedded.Conformance;

/// <summary>Batches whose one record is of another time than their header says, which no client's interface offers.</summary>
public sealed class RecordTimeTests(Servers servers)
{
    private const short None = 0, InvalidTimestamp = 32;
    private const short LogAppendTimeFlag = 8;
    private const int Minute = 60_000;

    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task What_counts_is_the_records_time_and_not_the_headers(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        var topic = await kafka.CreateTopicAsync(1, ("message.timestamp.before.max.ms", $"{60 * Minute}"));
        var now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        Assert.Equal(InvalidTimestamp, await ProduceAsync(kafka, topic, Batch(now, now, now + 14400 * Minute)));
        Assert.Equal(InvalidTimestamp, await ProduceAsync(kafka, topic, Batch(now, now, now - 90 * Minute)));
        Assert.Equal(None, await ProduceAsync(kafka, topic, Batch(now, now + 14400 * Minute, now)));
        Assert.Equal(None, await ProduceAsync(kafka, topic, Batch(-1, -1, -1)));
        Assert.Equal(None, await ProduceAsync(kafka, topic, Batch(now, now, now + 10 * Minute)));
        Assert.Equal(None, await ProduceAsync(kafka, topic, Batch(now, now, now)));

        using var consumer = kafka.Consumer();
        Assert.Equal(2, Find(5));
        Assert.Equal(Offset.End, Find(15));

        Offset Find(int minutes) =>
            Assert.Single(consumer.OffsetsForTimes([new TopicPartitionTimestamp(topic, 0, new Timestamp(now + minutes * Minute, TimestampType.CreateTime))], Patience)).Offset;
    }

    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task Only_the_broker_says_that_it_stamped_a_batch(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        var stamped = await kafka.CreateTopicAsync(1, ("message.timestamp.type", "LogAppendTime"));
        var topic = await kafka.CreateTopicAsync();
        var now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        Assert.Equal(InvalidTimestamp, await ProduceAsync(kafka, stamped, Batch(now, now, now, LogAppendTimeFlag)));
        Assert.Equal(None, await ProduceAsync(kafka, stamped, Batch(now, now, now + 14400 * Minute)));
        Assert.Equal(None, await ProduceAsync(kafka, topic, Batch(now - Minute, now, now - Minute, LogAppendTimeFlag)));
        Assert.Equal(new Timestamp(now - Minute, TimestampType.CreateTime), Assert.Single(kafka.ReadAll(topic)).Message.Timestamp);
    }

    /// <summary>A batch of one record without a key, as Kafka's protocol guide describes it.</summary>
    private static byte[] Batch(long first, long max, long time, short attributes = 0)
    {
        byte[] record = [0, .. VarInt(time - first), 0, 1, 2, (byte)'v', 0]; // attributes, time, offset delta, no key, value, no headers
        byte[] covered =
        [
            .. Int16(attributes), .. Int32(0), .. Int64(first), .. Int64(max), .. Int64(-1), .. Int16(-1), .. Int32(-1), .. Int32(1), // no producer, one record
            .. VarInt(record.Length), .. record,
        ];
        return [.. Int64(0), .. Int32(covered.Length + 9), .. Int32(0), 2, .. Int32((int)Crc32C(covered)), .. covered];
    }

    /// <summary>One request in version 3.</summary>
    private static async Task<short> ProduceAsync(KafkaClients kafka, string topic, byte[] batch)
    {
        var address = kafka.BootstrapServers.Split(':');
        using var socket = new TcpClient();
        await socket.ConnectAsync(address[0], int.Parse(address[1], System.Globalization.CultureInfo.InvariantCulture), Cancel);
        var stream = socket.GetStream();
        var name = Encoding.UTF8.GetBytes(topic);
        byte[] body =
        [
            .. Int16(0), .. Int16(3), .. Int32(1), .. Int16(-1), // API, version, correlation, no client id
            .. Int16(-1), .. Int16(-1), .. Int32(10_000), .. Int32(1), .. Int16((short)name.Length), .. name, .. Int32(1), .. Int32(0), .. Int32(batch.Length), .. batch,
        ];
        await stream.WriteAsync((byte[])[.. Int32(body.Length), .. body], Cancel);

        var answer = await ReadAsync(stream, BinaryPrimitives.ReadInt32BigEndian(await ReadAsync(stream, 4)));
        return BinaryPrimitives.ReadInt16BigEndian(answer.AsSpan(4 + 4 + 2 + name.Length + 4 + 4)); // after correlation, topic, and partition
    }

    private static async Task<byte[]> ReadAsync(NetworkStream stream, int length)
    {
        var bytes = new byte[length];
        await stream.ReadExactlyAsync(bytes, Cancel);
        return bytes;
    }

    private static uint Crc32C(byte[] data) => ~data.Aggregate(uint.MaxValue, BitOperations.Crc32C);

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
