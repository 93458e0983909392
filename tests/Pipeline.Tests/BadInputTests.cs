using System.Net.Sockets;
using System.Text;
using Confluent.Kafka;
using Google.Protobuf;
using Kappa.Iot.Contracts;
using MQTTnet;
using MQTTnet.Exceptions;
using MQTTnet.Protocol;

namespace Kappa.Iot.Pipeline.Tests;

/// <summary>What the pipeline does with what it should never get, while a fleet drives.</summary>
public sealed class BadInputTests
{
    private const string Stranger = "WVWZZZ1KZAW000001";

    [Fact]
    public async Task Bad_input_is_dead_lettered_with_its_reason_and_everything_else_goes_on()
    {
        await using var demo = RunningDemo.Start("--vehicles", "10", "--history", "10m", "--faults", "off", "--duration", "40s");
        var addresses = await demo.WaitForAsync(@"vehicles at 127\.0\.0\.1:(\d+), log at (127\.0\.0\.1:\d+)");
        var port = int.Parse(addresses.Groups[1].Value);
        await demo.WaitForAsync("live for");

        var random = new byte[200];
        new Random(7).NextBytes(random);
        await PublishAsync(port, MqttTopics.Telemetry(Stranger), random);
        await PublishAsync(port, MqttTopics.Telemetry("1HGCM82633A004352"), Batch("1HGCM82633A004352", DateTimeOffset.UtcNow));
        await PublishAsync(port, MqttTopics.Telemetry(Stranger), Batch(Stranger, new DateTimeOffset(2090, 1, 1, 0, 0, 0, TimeSpan.Zero)));
        await PublishAsync(port, MqttTopics.TelemetryJson(Stranger), Encoding.UTF8.GetBytes("""{"profile":"combustion","signals":{"Vehicle.Teleporter":1}}"""));
        await PublishAsync(port, MqttTopics.Telemetry(Stranger), new byte[10 * 1024 * 1024]);
        await SendGarbageAsync(port);

        var summary = await demo.Summary;
        DemoTests.AssertBalanced(summary, demo);
        Assert.Equal(5, summary.GetProperty("dead_lettered").GetInt64());
        Assert.Equal(0, summary.GetProperty("restarts").GetInt64());
    }

    [Fact]
    public async Task Each_dead_letter_says_why()
    {
        await using var demo = RunningDemo.Start("--vehicles", "10", "--history", "10m", "--faults", "off");
        var addresses = await demo.WaitForAsync(@"vehicles at 127\.0\.0\.1:(\d+), log at (127\.0\.0\.1:\d+)");
        var port = int.Parse(addresses.Groups[1].Value);
        await demo.WaitForAsync("dashboard at");

        await PublishAsync(port, MqttTopics.Telemetry(Stranger), [0xFF, 0xFF, 0xFF]);
        await PublishAsync(port, MqttTopics.Telemetry("1HGCM82633A004352"), Batch("1HGCM82633A004352", DateTimeOffset.UtcNow));
        await PublishAsync(port, MqttTopics.Telemetry(Stranger), Batch(Stranger, new DateTimeOffset(2090, 1, 1, 0, 0, 0, TimeSpan.Zero)));
        await PublishAsync(port, MqttTopics.Telemetry(Stranger), new byte[10 * 1024 * 1024]);

        var reasons = ReadReasons(addresses.Groups[2].Value, 4);
        Assert.Equal(["FromTheFuture", "NotAuthorized", "TooLarge", "Unreadable"], reasons.Order());
    }

    private static byte[] Batch(string vin, DateTimeOffset start) => new TelemetryBatch
    {
        Vin = vin,
        Profile = VehicleProfiles.Combustion,
        BootId = 1,
        Sequence = 1,
        StartTimeMs = start.ToUnixTimeMilliseconds(),
        SampleIntervalMs = 1000,
        Columns = { new SignalColumn { Signal = SignalCatalogue.Get("Vehicle.OBD.EngineSpeed").Id, Values = { 2000, 2100 } } },
    }.ToByteArray();

    /// <summary>As the stranger's car; whether the gateway answers with a refusal or hangs up is its own test's matter.</summary>
    private static async Task PublishAsync(int port, string topic, byte[] payload)
    {
        using var client = new MqttClientFactory().CreateMqttClient();
        var options = new MqttClientOptionsBuilder().WithTcpServer("127.0.0.1", port).WithClientId(Stranger).WithProtocolVersion(MQTTnet.Formatter.MqttProtocolVersion.V500).Build();
        await client.ConnectAsync(options, TestContext.Current.CancellationToken);
        var message = new MqttApplicationMessageBuilder().WithTopic(topic).WithPayload(payload).WithQualityOfServiceLevel(MqttQualityOfServiceLevel.AtLeastOnce).Build();
        try
        {
            var answer = await client.PublishAsync(message, TestContext.Current.CancellationToken);
            Assert.False(answer.IsSuccess, $"{topic}: {answer.ReasonCode}");
        }
        catch (Exception e) when (payload.Length > 1024 * 1024 && e is MqttCommunicationException or MqttClientDisconnectedException)
        {
            // A packet that is larger than the gateway takes ends the connection: that is the answer.
        }
    }

    private static async Task SendGarbageAsync(int port)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync("127.0.0.1", port, TestContext.Current.CancellationToken);
        await socket.GetStream().WriteAsync("GET / HTTP/1.1\r\nHost: car\r\n\r\n"u8.ToArray(), TestContext.Current.CancellationToken);
    }

    private static List<string> ReadReasons(string log, int count)
    {
        using var consumer = new ConsumerBuilder<byte[], byte[]>(new ConsumerConfig { BootstrapServers = log, GroupId = "reasons", AutoOffsetReset = AutoOffsetReset.Earliest }).Build();
        consumer.Subscribe(TopicCatalogue.DeadLetter.Name);
        var reasons = new List<string>();
        while (reasons.Count < count)
        {
            var record = consumer.Consume(TimeSpan.FromSeconds(60));
            Assert.True(record is not null, $"Only {reasons.Count} dead letters: {string.Join(", ", reasons)}");
            reasons.Add(Encoding.UTF8.GetString(record.Message.Headers.GetLastBytes(DeadLetterHeaders.Reason)));
        }

        consumer.Close();
        return reasons;
    }
}
