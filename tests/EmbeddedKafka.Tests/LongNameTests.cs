using System.Buffers.Binary;
using System.Net.Sockets;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Kappa.Iot.Embedded.Protocol;

namespace Kappa.Iot.Embedded.Tests;

/// <summary>Names and groups that are too large are refused, and the server's clock goes on.</summary>
public sealed class LongNameTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Names_that_are_too_long_are_refused_and_dead_members_and_old_records_still_go()
    {
        await using var kafka = await EmbeddedKafka.StartAsync(
            new EmbeddedKafkaOptions { MinSessionTimeout = TimeSpan.FromSeconds(1), CleaningInterval = TimeSpan.FromMilliseconds(200) }, Cancel);
        var longName = new string('L', 32_000);
        Assert.Equal(Protocol.ErrorCode.InvalidGroupId, await JoinAsync(kafka, longName, []));
        Assert.Equal(Protocol.ErrorCode.InvalidRequest, await CallAsync(kafka, ApiKey.InitProducerId, 3, 4, w =>
        {
            w.String(longName);
            w.Int32(60_000);
            w.Int64(-1);
            w.Int16(-1);
            w.Tags();
        }));
        await Assert.ThrowsAsync<EndOfStreamException>(() => JoinAsync(kafka, new string('L', 40_000), [])); // longer than the protocol allows
        await Assert.ThrowsAsync<EndOfStreamException>(() => JoinAsync(kafka, "g", [], client: new string('c', 30_000)));

        // Nobody hears of this member again.
        Assert.Equal(Protocol.ErrorCode.None, await JoinAsync(kafka, "dead", [], version: 3));
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = kafka.BootstrapServers }).Build();
        await UntilAsync(async () => (await admin.DescribeConsumerGroupsAsync(["dead"])).ConsumerGroupDescriptions[0].Members.Count == 0);

        await admin.CreateTopicsAsync([new TopicSpecification { Name = "t", NumPartitions = 1, Configs = new() { ["retention.ms"] = "1" } }]);
        using var producer = new ProducerBuilder<Null, string>(new ProducerConfig { BootstrapServers = kafka.BootstrapServers }).Build();
        await producer.ProduceAsync("t", new Message<Null, string> { Value = "v" }, Cancel);
        using var consumer = new ConsumerBuilder<Null, string>(new ConsumerConfig { BootstrapServers = kafka.BootstrapServers, GroupId = "r" }).Build();
        await UntilAsync(() => Task.FromResult(consumer.QueryWatermarkOffsets(new("t", 0), Patience).Low.Value == 1));
    }

    [Fact]
    public async Task A_group_takes_neither_more_members_nor_more_memory_than_it_may()
    {
        await using var kafka = await EmbeddedKafka.StartAsync(new EmbeddedKafkaOptions { MaxGroupMembers = 3, MaxGroupMemory = 4_000_000 }, Cancel);
        Assert.Equal(Protocol.ErrorCode.InvalidRequest, await JoinAsync(kafka, "large", new byte[2_000_000]));
        for (var i = 0; i < 3; i++)
            Assert.Equal(Protocol.ErrorCode.MemberIdRequired, await JoinAsync(kafka, "many", []));
        Assert.Equal(Protocol.ErrorCode.GroupMaxSizeReached, await JoinAsync(kafka, "many", []));

        var taken = 0;
        while (taken < 100 && await JoinAsync(kafka, $"g{taken}", new byte[1_000_000], version: 3) == Protocol.ErrorCode.None)
            taken++;
        Assert.InRange(taken, 2, 4);
    }

    [Fact]
    public async Task A_group_takes_no_more_offsets_than_there_is_memory_for_and_goes_on_with_those_it_has()
    {
        await using var kafka = await EmbeddedKafka.StartAsync(new EmbeddedKafkaOptions { MaxGroupMemory = 1024 * 1024 }, Cancel);
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = kafka.BootstrapServers }).Build();
        await admin.CreateTopicsAsync([new TopicSpecification { Name = "t", NumPartitions = 200 }]);
        var taken = 0;
        while (taken < 200 && await CommitAsync(kafka, taken, new string('m', 4_000)) == Protocol.ErrorCode.None)
            taken++;
        Assert.InRange(taken, 100, 130); // of two bytes a character
        Assert.Equal(Protocol.ErrorCode.None, await CommitAsync(kafka, 0, new string('n', 4_000)));
    }

    private static Task<Protocol.ErrorCode> CommitAsync(EmbeddedKafka kafka, int partition, string metadata) =>
        CallAsync(kafka, ApiKey.OffsetCommit, 2, 15, w =>
        {
            w.String("g");
            w.Int32(-1);
            w.String("");
            w.Int64(-1);
            w.ArrayLength(1);
            w.String("t");
            w.ArrayLength(1);
            w.Int32(partition);
            w.Int64(7);
            w.String(metadata);
        });

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        for (var i = 0; !await holds(); i++)
        {
            Assert.True(i < 300, "It did not come about within 30 s.");
            await Task.Delay(100, Cancel);
        }
    }

    private static Task<Protocol.ErrorCode> JoinAsync(EmbeddedKafka kafka, string group, byte[] metadata, short version = 6, string client = "raw") =>
        CallAsync(kafka, ApiKey.JoinGroup, version, 4, w =>
        {
            w.String(group);
            w.Int32(6_000);
            w.Int32(6_000);
            w.String("");
            if (version >= 5)
                w.String(null);
            w.String("consumer");
            w.ArrayLength(1);
            w.String("range");
            w.Bytes(metadata);
            w.Tags();
            w.Tags();
        }, client);

    /// <returns>The error in the answer, which follows <paramref name="before"/> bytes after the header.</returns>
    private static async Task<Protocol.ErrorCode> CallAsync(EmbeddedKafka kafka, ApiKey key, short version, int before, Action<ResponseWriter> body, string client = "raw")
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync("127.0.0.1", kafka.Port, Cancel);
        using var writer = new ResponseWriter();
        writer.Int32(0);
        writer.Int16((short)key);
        writer.Int16(version);
        writer.Int32(1);
        writer.String(client);
        writer.Flexible = ApiTable.Find((short)key)!.IsFlexible(version);
        writer.Tags();
        body(writer);
        writer.Int32At(0, writer.Length - 4);
        await using var stream = new NetworkStream(socket);
        await stream.WriteAsync(writer.Written, Cancel);

        var size = new byte[4];
        await stream.ReadExactlyAsync(size, Cancel).AsTask().WaitAsync(Patience, Cancel);
        var answer = new byte[BinaryPrimitives.ReadInt32BigEndian(size)];
        await stream.ReadExactlyAsync(answer, Cancel).AsTask().WaitAsync(Patience, Cancel);
        return (Protocol.ErrorCode)BinaryPrimitives.ReadInt16BigEndian(answer.AsSpan(4 + (writer.Flexible ? 1 : 0) + before));
    }
}
