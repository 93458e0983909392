using System.Net;
using System.Net.Sockets;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Kappa.Iot.Embedded.Log;
using Kappa.Iot.Embedded.Protocol;
using Kappa.Iot.Embedded.Tests.Properties;
using ErrorCode = Kappa.Iot.Embedded.Protocol.ErrorCode;

namespace Kappa.Iot.Embedded.Tests.Fuzz;

public sealed class FlippedBatchTests
{
    [Fact]
    [Trait("Invariant", "1")]
    public async Task A_batch_with_any_bit_flipped_after_its_checksum_is_refused_by_it_and_not_stored()
    {
        await using var kafka = await EmbeddedKafka.StartAsync(TestContext.Current.CancellationToken);
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = kafka.BootstrapServers }).Build();
        await admin.CreateTopicsAsync([new TopicSpecification { Name = "flipped", NumPartitions = 1, ReplicationFactor = 1 }]);
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, kafka.Port, TestContext.Current.CancellationToken);

        var now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        var batch = TestBatch.Make([("key", "a value", now), ("another", null, now + 1)], 5, 0, 0, false, Log.CompressionType.None);
        const int CrcStart = 17; // the checksum itself, and all that it covers
        for (var bit = CrcStart * 8; bit < batch.Length * 8; bit++)
        {
            var flipped = (byte[])batch.Clone();
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.Equal((bit, ErrorCode.CorruptMessage), (bit, await ProduceAsync(socket, flipped)));
        }

        Assert.Equal(ErrorCode.None, await ProduceAsync(socket, batch));
        using var consumer = new ConsumerBuilder<string, string>(new ConsumerConfig { BootstrapServers = kafka.BootstrapServers, GroupId = "check" }).Build();
        Assert.Equal(2, consumer.QueryWatermarkOffsets(new TopicPartition("flipped", 0), TimeSpan.FromSeconds(60)).High.Value);
    }

    private static async Task<ErrorCode> ProduceAsync(Socket socket, byte[] batch)
    {
        await socket.SendAsync(Requests.Produce("flipped", 0, batch), TestContext.Current.CancellationToken);
        using var stream = new NetworkStream(socket);
        var size = new byte[4];
        await stream.ReadExactlyAsync(size, TestContext.Current.CancellationToken);
        var response = new byte[System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(size)];
        await stream.ReadExactlyAsync(response, TestContext.Current.CancellationToken);
        var reader = new RequestReader();
        reader.Reset(response);
        reader.Int32();
        Assert.Equal(1, reader.ArrayLength());
        Assert.Equal("flipped", reader.String());
        Assert.Equal(1, reader.ArrayLength());
        Assert.Equal(0, reader.Int32());
        return (ErrorCode)reader.Int16();
    }
}
