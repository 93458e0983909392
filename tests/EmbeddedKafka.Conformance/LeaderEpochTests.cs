using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using Confluent.Kafka;
using static Kappa.Iot.Embedded.Conformance.KafkaClients;

namespace Kappa.Iot.Embedded.Conformance;

/// <summary>OffsetForLeaderEpoch, which no client's interface offers: clients ask it by themselves when a leader changes.</summary>
public sealed class LeaderEpochTests(Servers servers)
{
    private const short None = 0, UnknownTopicOrPartition = 3, UnknownLeaderEpoch = 75;

    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task The_first_epoch_ends_where_the_log_does_and_a_later_one_is_unknown(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        var topic = await kafka.CreateTopicAsync();
        using var producer = kafka.Producer();
        for (var i = 0; i < 3; i++)
            await producer.ProduceAsync(topic, new Message<byte[], byte[]> { Value = [(byte)i] }, Cancel);

        Assert.Equal((None, 0, 3), await AskAsync(kafka, topic, 0, current: -1, epoch: 0));
        Assert.Equal((None, 0, 3), await AskAsync(kafka, topic, 0, current: 0, epoch: 0));
        Assert.Equal((None, -1, -1), await AskAsync(kafka, topic, 0, current: 0, epoch: 5));
        Assert.Equal((UnknownLeaderEpoch, -1, -1), await AskAsync(kafka, topic, 0, current: 5, epoch: 0));
        Assert.Equal((UnknownTopicOrPartition, -1, -1), await AskAsync(kafka, topic, 7, current: -1, epoch: 0));
        Assert.Equal((UnknownTopicOrPartition, -1, -1), await AskAsync(kafka, NewName("nowhere"), 0, current: -1, epoch: 0));
    }

    /// <summary>One request in version 3, as Kafka's protocol guide describes it.</summary>
    private static async Task<(short Error, int Epoch, long End)> AskAsync(KafkaClients kafka, string topic, int partition, int current, int epoch)
    {
        var address = kafka.BootstrapServers.Split(':');
        using var socket = new TcpClient();
        await socket.ConnectAsync(address[0], int.Parse(address[1], System.Globalization.CultureInfo.InvariantCulture), Cancel);
        var stream = socket.GetStream();
        var name = Encoding.UTF8.GetBytes(topic);
        byte[] body =
        [
            .. Int16(23), .. Int16(3), .. Int32(1), .. Int16(-1), // API, version, correlation, no client id
            .. Int32(-2), .. Int32(1), .. Int16((short)name.Length), .. name, .. Int32(1), .. Int32(partition), .. Int32(current), .. Int32(epoch),
        ];
        await stream.WriteAsync((byte[])[.. Int32(body.Length), .. body], Cancel);

        var answer = await ReadAsync(stream, BinaryPrimitives.ReadInt32BigEndian(await ReadAsync(stream, 4)));
        var at = answer.AsMemory(4 + 4 + 4 + 2 + name.Length + 4); // after correlation, throttle time, and the counts of the one topic and partition
        Assert.Equal(partition, BinaryPrimitives.ReadInt32BigEndian(at.Span[2..]));
        return (BinaryPrimitives.ReadInt16BigEndian(at.Span), BinaryPrimitives.ReadInt32BigEndian(at.Span[6..]), BinaryPrimitives.ReadInt64BigEndian(at.Span[10..]));
    }

    private static async Task<byte[]> ReadAsync(NetworkStream stream, int length)
    {
        var bytes = new byte[length];
        await stream.ReadExactlyAsync(bytes, Cancel);
        return bytes;
    }

    private static byte[] Int16(short value)
    {
        var bytes = new byte[2];
        BinaryPrimitives.WriteInt16BigEndian(bytes, value);
        return bytes;
    }

    private static byte[] Int32(int value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }
}
