using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Confluent.Kafka;
using Kappa.Iot.Embedded.Protocol;
using Microsoft.Extensions.Time.Testing;

namespace Kappa.Iot.Embedded.Tests.Fuzz;

public sealed class MalformedRequestTests
{
    [Fact]
    public async Task Rubbish_closes_the_connection_and_the_server_goes_on()
    {
        await using var kafka = await EmbeddedKafka.StartAsync(TestContext.Current.CancellationToken);
        var random = new Random(42);
        for (var i = 0; i < 2_000; i++)
        {
            // A header that is right for one of the requests, and then anything at all.
            var frame = new byte[4 + 8 + random.Next(200)];
            random.NextBytes(frame);
            BinaryPrimitives.WriteInt32BigEndian(frame, frame.Length - 4);
            if (i % 4 != 0)
            {
                BinaryPrimitives.WriteInt16BigEndian(frame.AsSpan(4), (short)random.Next(70));
                BinaryPrimitives.WriteInt16BigEndian(frame.AsSpan(6), (short)random.Next(13));
            }

            await SendAsync(kafka.Port, frame);
        }

        await SendAsync(kafka.Port, [0xff, 0xff, 0xff, 0xff]);
        await SendAsync(kafka.Port, [0x7f, 0xff, 0xff, 0xff, 1, 2, 3]);
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = kafka.BootstrapServers }).Build();
        Assert.Single(admin.GetMetadata(TimeSpan.FromSeconds(60)).Brokers);
    }

    [Fact]
    public async Task A_huge_size_is_refused_before_a_byte_of_it_arrives()
    {
        await using var kafka = await EmbeddedKafka.StartAsync(TestContext.Current.CancellationToken);
        using var socket = await ConnectAsync(kafka.Port);
        await socket.SendAsync(new byte[] { 0x7f, 0, 0, 0 }, TestContext.Current.CancellationToken);
        Assert.Equal(0, await socket.ReceiveAsync(new byte[1], TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_long_poll_ends_when_its_client_is_gone()
    {
        var time = new FakeTimeProvider();
        await using var kafka = await EmbeddedKafka.StartAsync(new EmbeddedKafkaOptions { Time = time, MaxConnections = 1 }, TestContext.Current.CancellationToken);
        using (var socket = await ConnectAsync(kafka.Port))
        {
            // The server's own topic is there from the start, and nothing is appended to it.
            await socket.SendAsync(Requests.Fetch("__consumer_offsets", 0, maxWait: int.MaxValue), TestContext.Current.CancellationToken);
            await Task.Delay(500, TestContext.Current.CancellationToken); // so that it is read and waits
        }

        // With one connection allowed, a new client is served only when the abandoned one is gone.
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!await IsServedAsync(kafka.Port))
        {
            time.Advance(TimeSpan.FromSeconds(10));
            await Task.Delay(50, deadline.Token);
        }
    }

    private static async Task<bool> IsServedAsync(int port)
    {
        using var socket = await ConnectAsync(port);
        try
        {
            await socket.SendAsync(Requests.Make(ApiKey.ApiVersions, 0, false, _ => { }), TestContext.Current.CancellationToken);
            return await socket.ReceiveAsync(new byte[64], TestContext.Current.CancellationToken) > 0;
        }
        catch (SocketException)
        {
            return false; // turned away
        }
    }

    private static async Task SendAsync(int port, byte[] bytes)
    {
        using var socket = await ConnectAsync(port);
        await socket.SendAsync(bytes, TestContext.Current.CancellationToken);
        socket.Shutdown(SocketShutdown.Send);
    }

    private static async Task<Socket> ConnectAsync(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), TestContext.Current.CancellationToken);
        return socket;
    }
}
