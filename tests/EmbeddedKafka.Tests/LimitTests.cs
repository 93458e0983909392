using System.Buffers.Binary;
using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Kappa.Iot.Embedded.Log;
using Kappa.Iot.Embedded.Network;
using Kappa.Iot.Embedded.Protocol;

namespace Kappa.Iot.Embedded.Tests;

public sealed class LimitTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(100)]
    public async Task A_client_that_stops_in_the_middle_of_a_request_is_closed(int sent)
    {
        await using var kafka = await EmbeddedKafka.StartAsync(new EmbeddedKafkaOptions { MaxStall = TimeSpan.FromSeconds(1), MaxIdle = TimeSpan.FromSeconds(2) }, Cancel);
        using var socket = await ConnectAsync(kafka.Port);
        var frame = new byte[200];
        BinaryPrimitives.WriteInt32BigEndian(frame, 10_000);
        await socket.SendAsync(frame.AsMemory(0, sent), Cancel);
        Assert.Equal(0, await ReceiveAsync(socket));
    }

    [Fact]
    public async Task A_client_that_sends_a_large_request_byte_by_byte_is_closed_and_gives_its_memory_back()
    {
        await using var kafka = await EmbeddedKafka.StartAsync(new EmbeddedKafkaOptions { MaxStall = TimeSpan.FromSeconds(1) }, Cancel);
        using var socket = await ConnectAsync(kafka.Port);
        var frame = new byte[1_000_000];
        BinaryPrimitives.WriteInt32BigEndian(frame, 10_000_000);
        await socket.SendAsync(frame, Cancel);
        await Assert.ThrowsAsync<SocketException>(async () =>
        {
            for (var i = 0; i < 600; i++)
            {
                await socket.SendAsync(new byte[1], Cancel);
                await Task.Delay(100, Cancel);
            }
        });
        for (var i = 0; kafka.BufferMemory > 0; i++)
        {
            Assert.True(i < 300, $"{kafka.BufferMemory} bytes are still taken.");
            await Task.Delay(100, Cancel);
        }
    }

    [Fact]
    public async Task A_client_that_does_not_log_in_is_closed_long_before_it_would_be_idle()
    {
        await using var kafka = await EmbeddedKafka.StartAsync(
            new EmbeddedKafkaOptions { MaxStall = TimeSpan.FromSeconds(1), SaslUsers = new Dictionary<string, string> { ["a"] = "b" } }, Cancel);
        using var silent = await ConnectAsync(kafka.Port);
        Assert.Equal(0, await ReceiveAsync(silent));

        using var large = await ConnectAsync(kafka.Port);
        await large.SendAsync(new byte[] { 0, 1, 0, 1 }, Cancel);
        Assert.Equal(0, await ReceiveAsync(large));
    }

    [Fact]
    public async Task A_client_that_does_not_take_its_answers_is_closed_and_gives_its_memory_back()
    {
        await using var kafka = await EmbeddedKafka.StartAsync(new EmbeddedKafkaOptions { MaxStall = TimeSpan.FromSeconds(1) }, Cancel);
        await FillAsync(kafka, 40);
        using var socket = await ConnectAsync(kafka.Port);
        socket.ReceiveBufferSize = 4096;
        for (var i = 0; i < 20; i++)
            await socket.SendAsync(FetchRequest.Of(maxBytes: 50_000_000), Cancel);

        // What fits into the operating system's buffers arrives, and then the end: not twenty answers.
        var total = 0L;
        await Task.Delay(TimeSpan.FromSeconds(4), Cancel);
        var buffer = new byte[1 << 20];
        try
        {
            for (int read; (read = await socket.ReceiveAsync(buffer, Cancel).AsTask().WaitAsync(Patience, Cancel)) > 0;)
                total += read;
        }
        catch (SocketException)
        {
            // Reset instead of closed: the same.
        }

        Assert.InRange(total, 0, 400_000_000L);
        Assert.Equal(0, kafka.BufferMemory);
    }

    [Fact]
    public async Task Many_readers_that_take_nothing_stay_within_the_budget_and_others_are_served()
    {
        const long Budget = 16_000_000;
        await using var kafka = await EmbeddedKafka.StartAsync(new EmbeddedKafkaOptions { MaxRequestSize = 4_000_000, MaxBufferMemory = Budget }, Cancel);
        await FillAsync(kafka, 20);
        var readers = new List<Socket>();
        for (var i = 0; i < 30; i++)
        {
            var socket = await ConnectAsync(kafka.Port);
            await socket.SendAsync(FetchRequest.Of(maxBytes: 50_000_000), Cancel);
            readers.Add(socket);
        }

        for (var i = 0; i < 20; i++)
        {
            Assert.InRange(kafka.BufferMemory, 0, Budget);
            await Task.Delay(50, Cancel);
        }

        using (var admin = Admin(kafka))
            Assert.Single(admin.GetMetadata(Patience).Brokers);
        readers.ForEach(s => s.Dispose());
        for (var i = 0; kafka.BufferMemory > 0; i++)
        {
            Assert.True(i < 600, $"{kafka.BufferMemory} bytes are still taken.");
            await Task.Delay(100, Cancel);
        }
    }

    [Fact]
    public async Task An_array_that_would_answer_with_gigabytes_costs_its_connection_only()
    {
        await using var kafka = await EmbeddedKafka.StartAsync(new EmbeddedKafkaOptions { MaxRequestSize = 20_000_000, MaxBufferMemory = 40_000_000 }, Cancel);
        using (var admin = Admin(kafka))
            await admin.CreateTopicsAsync([new TopicSpecification { Name = "t", NumPartitions = 1000, ReplicationFactor = 1 }]);

        // Metadata of the same topic, 500,000 times: 20 GB if nobody minds.
        using var writer = new ResponseWriter();
        writer.Int32(0);
        Header(writer, ApiKey.Metadata, 1);
        writer.Array(Enumerable.Repeat("t", 500_000).ToList(), static (w, name) => w.String(name));
        writer.Int32At(0, writer.Length - 4);
        using var socket = await ConnectAsync(kafka.Port);
        await socket.SendAsync(writer.Written, Cancel);
        Assert.Equal(0, await ReceiveAsync(socket));

        using var others = Admin(kafka);
        Assert.Single(others.GetMetadata(Patience).Brokers);
    }

    [Fact]
    public async Task One_connection_more_than_allowed_is_turned_away()
    {
        await using var kafka = await EmbeddedKafka.StartAsync(new EmbeddedKafkaOptions { MaxConnections = 2 }, Cancel);
        using var first = await ConnectAsync(kafka.Port);
        using var second = await ConnectAsync(kafka.Port);
        using var third = await ConnectAsync(kafka.Port);
        Assert.Equal(0, await ReceiveAsync(third));
        second.Dispose();
        using var admin = Admin(kafka);
        Assert.Single(admin.GetMetadata(Patience).Brokers);
    }

    [Fact]
    public void Unpack_OfABomb_StopsAtTheLimit()
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            var zeros = new byte[1 << 20];
            for (var i = 0; i < 400; i++)
                gzip.Write(zeros);
        }

        Assert.InRange(packed.Length, 1, 1_000_000);
        var error = Assert.Throws<InvalidDataException>(() => Compression.Unpack(Log.CompressionType.Gzip, packed.ToArray()));
        Assert.Contains($"{Compression.MaxUncompressedSize}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TakeAsync_WaitsForWhatOthersReturn()
    {
        var budget = new MemoryBudget(100, TimeProvider.System);
        budget.Take(80);
        Assert.Throws<MemoryBudgetException>(() => budget.Take(30));
        var waiting = budget.TakeAsync(30, Cancel).AsTask();
        Assert.False(waiting.IsCompleted);
        budget.Return(80);
        await waiting.WaitAsync(Patience, Cancel);
        Assert.Equal(30, budget.Used);
    }

    private static async Task FillAsync(EmbeddedKafka kafka, int megabytes)
    {
        using var admin = Admin(kafka);
        await admin.CreateTopicsAsync([new TopicSpecification { Name = "t", NumPartitions = 1, ReplicationFactor = 1 }]);
        using var producer = new ProducerBuilder<Null, byte[]>(new ProducerConfig { BootstrapServers = kafka.BootstrapServers }).Build();
        for (var i = 0; i < megabytes * 2; i++)
            await producer.ProduceAsync("t", new Message<Null, byte[]> { Value = new byte[500_000] }, Cancel);
    }

    private static IAdminClient Admin(EmbeddedKafka kafka) => new AdminClientBuilder(new AdminClientConfig { BootstrapServers = kafka.BootstrapServers }).Build();

    private static void Header(ResponseWriter writer, ApiKey key, short version)
    {
        writer.Int16((short)key);
        writer.Int16(version);
        writer.Int32(1);
        writer.String("limits");
    }

    private static async Task<int> ReceiveAsync(Socket socket)
    {
        try
        {
            return await socket.ReceiveAsync(new byte[1], Cancel).AsTask().WaitAsync(Patience, Cancel);
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
        {
            return 0;
        }
    }

    private static async Task<Socket> ConnectAsync(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), Cancel);
        return socket;
    }
}
