using System.Security.Cryptography;
using System.Text;
using Google.Protobuf;
using Kappa.Iot.Contracts;
using MQTTnet.Formatter;
using MQTTnet.Protocol;

namespace Kappa.Iot.IngestGateway.Tests;

public abstract partial class GatewayScenarios
{
    private const string DeadLettered = "kappa_gateway_dead_letters_total";

    [Theory]
    [Trait("Invariant", "1")]
    [InlineData("random bytes", RejectReason.Unreadable, MqttPubAckReasonCode.PayloadFormatInvalid)]
    [InlineData("truncated", RejectReason.Unreadable, MqttPubAckReasonCode.PayloadFormatInvalid)]
    [InlineData("2090", RejectReason.FromTheFuture, MqttPubAckReasonCode.PayloadFormatInvalid)]
    [InlineData("unknown signal", RejectReason.UnknownSignal, MqttPubAckReasonCode.PayloadFormatInvalid)]
    [InlineData("another vehicle in the message", RejectReason.WrongVehicle, MqttPubAckReasonCode.NotAuthorized)]
    [InlineData("another vehicle in the topic", RejectReason.NotAuthorized, MqttPubAckReasonCode.NotAuthorized)]
    [InlineData("a topic of nobody", RejectReason.WrongTopic, MqttPubAckReasonCode.TopicNameInvalid)]
    [InlineData("a topic for the gateway", RejectReason.WrongTopic, MqttPubAckReasonCode.TopicNameInvalid)]
    [InlineData("nothing", RejectReason.Empty, MqttPubAckReasonCode.PayloadFormatInvalid)]
    [InlineData("a megabyte", RejectReason.Unreadable, MqttPubAckReasonCode.PayloadFormatInvalid)]
    public async Task What_cannot_be_taken_is_dead_lettered_with_its_reason_and_counted(string what, RejectReason reason, MqttPubAckReasonCode code)
    {
        await using var gateway = await Gateway.StartAsync(log);
        await using var vehicle = await Vehicle.ConnectAsync(gateway);
        var (topic, payload) = Bad(what, vehicle.Vin);

        var answer = await vehicle.PublishAsync(payload, topic);
        Assert.Equal(code, answer.Code);
        Assert.NotEmpty(answer.Text!);

        var record = Assert.Single(await LogReader.ReadAsync(log.BootstrapServers, TopicCatalogue.DeadLetter.Name, vehicle.Vin, 1, Cancel));
        Assert.Equal(payload.Length > DeadLetters.MaxPayload ? payload[..DeadLetters.MaxPayload] : payload, record.Message.Value ?? []);
        Assert.Equal(reason.ToString(), record.Header(DeadLetterHeaders.Reason));
        Assert.NotEmpty(record.Header(DeadLetterHeaders.Detail));
        Assert.Equal(topic, record.Header(DeadLetterHeaders.MqttTopic));
        Assert.Equal(vehicle.Vin, record.Header(DeadLetterHeaders.ClientId));
        Assert.True(DateTimeOffset.TryParse(record.Header(DeadLetterHeaders.Time), out _));
        await gateway.ExpectMetricAsync(1, DeadLettered, $"reason=\"{reason}\"");
        await gateway.ExpectMetricAsync(1, Publishes, "outcome=\"DeadLettered\"");

        // The same connection goes on.
        Assert.Equal(MqttPubAckReasonCode.Success, (await vehicle.PublishAsync(Batches.Bytes(vehicle.Vin))).Code);
    }

    [Fact]
    [Trait("Invariant", "1")]
    public async Task An_MQTT_3_client_is_acknowledged_for_what_was_dead_lettered()
    {
        await using var gateway = await Gateway.StartAsync(log);
        await using var vehicle = await Vehicle.ConnectAsync(gateway, version: MqttProtocolVersion.V311);

        Assert.Equal(MqttPubAckReasonCode.Success, (await vehicle.PublishAsync([1, 2, 3])).Code);
        Assert.Equal(MqttPubAckReasonCode.Success, (await vehicle.PublishAsync([4, 5, 6], qos: MqttQualityOfServiceLevel.ExactlyOnce)).Code);

        Assert.Equal(2, (await LogReader.ReadAsync(log.BootstrapServers, TopicCatalogue.DeadLetter.Name, vehicle.Vin, 2, Cancel)).Count);
    }

    [Fact]
    [Trait("Invariant", "1")]
    public async Task A_10_MB_message_of_MQTT_5_is_refused_dead_lettered_and_takes_no_memory()
    {
        await using var gateway = await Gateway.StartAsync(log);
        await using var bystander = await Vehicle.ConnectAsync(gateway);
        var vin = Vehicle.NewVin();
        using var raw = await RawMqtt.ConnectAsync(gateway.Port, vin, MqttProtocolVersion.V500);

        await raw.PublishAsync(MqttTopics.Telemetry(vin), new byte[10_000_000], 1);
        var goodbye = Assert.IsType<MQTTnet.Packets.MqttDisconnectPacket>(await raw.ReceiveAsync());
        Assert.Equal(MqttDisconnectReasonCode.PacketTooLarge, goodbye.ReasonCode);
        Assert.Contains("10000", goodbye.ReasonString, StringComparison.Ordinal);
        Assert.Null(await raw.ReceiveAsync());

        await ExpectTooLarge(gateway, vin);
        Assert.Equal(MqttPubAckReasonCode.Success, (await bystander.PublishAsync(Batches.Bytes(bystander.Vin))).Code);
    }

    [Fact]
    [Trait("Invariant", "1")]
    public async Task A_10_MB_message_of_MQTT_3_is_dead_lettered_and_acknowledged_so_that_it_is_not_sent_for_ever()
    {
        await using var gateway = await Gateway.StartAsync(log);
        await using var vehicle = await Vehicle.ConnectAsync(gateway, version: MqttProtocolVersion.V311);

        await vehicle.PublishAsync(new byte[10_000_000]);
        await ExpectTooLarge(gateway, vehicle.Vin);

        Assert.Equal(MqttPubAckReasonCode.Success, (await vehicle.PublishAsync(Batches.Bytes(vehicle.Vin))).Code);
        Assert.Equal([1UL], await LogReader.SequencesAsync(log.BootstrapServers, vehicle.Vin, 1, Cancel));
    }

    [Theory]
    [InlineData("has space")]
    [InlineData("a/b")]
    [InlineData(":suffix")]
    [InlineData("0123456789012345678901234567890123456789012345678901234567890123456789")]
    public async Task A_client_id_that_is_no_vehicle_is_refused_with_a_reason(string clientId)
    {
        await using var gateway = await Gateway.StartAsync(log);
        var (vehicle, result) = await Vehicle.TryConnectAsync(gateway, clientId, MqttProtocolVersion.V500);
        await using (vehicle)
        {
            Assert.Equal(MQTTnet.MqttClientConnectResultCode.ClientIdentifierNotValid, result.ResultCode);
            Assert.Contains("vehicle's id", result.ReasonString, StringComparison.Ordinal);
        }

        await gateway.ExpectMetricAsync(1, "kappa_gateway_connections_refused_total", "reason=\"client id\"");
    }

    [Fact]
    public async Task A_second_client_of_a_vehicle_may_publish_for_it()
    {
        await using var gateway = await Gateway.StartAsync(log);
        var vin = Vehicle.NewVin();
        await using var first = await Vehicle.ConnectAsync(gateway, vin);
        await using var second = await Vehicle.ConnectAsync(gateway, vin, clientId: vin + ":diagnosis #2");
        Assert.Equal(MqttPubAckReasonCode.Success, (await second.PublishAsync(Batches.Bytes(vin))).Code);
        Assert.Equal(MqttPubAckReasonCode.Success, (await first.PublishAsync(Batches.Bytes(vin, 2))).Code);
    }

    [Fact]
    public async Task Garbage_on_the_port_is_closed_and_everyone_else_goes_on()
    {
        await using var gateway = await Gateway.StartAsync(log, "--Mqtt:ConnectTimeout=00:00:02");
        await using var vehicle = await Vehicle.ConnectAsync(gateway);
        byte[][] garbage =
        [
            RandomNumberGenerator.GetBytes(1_000),
            Encoding.ASCII.GetBytes("GET / HTTP/1.1\r\nHost: gateway\r\n\r\n"),
            [0x10, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F], // a length that is none
            [0x10, 0xFF, 0xFF, 0xFF, 0x7F], // a CONNECT of 256 MB
            [0x10, 0x0C, 0x00, 0x04, 0x4D, 0x51, 0x54, 0x54, 0x09, 0x00, 0x00, 0x00, 0x00, 0x00], // MQTT 9
            [0x10], // and then silence
            [],
        ];
        foreach (var bytes in garbage)
        {
            using var raw = await RawMqtt.OpenAsync(gateway.Port);
            await raw.Stream.WriteAsync(bytes, Cancel);
            Assert.Null(await raw.ReceiveAsync());
        }

        using (var midway = await RawMqtt.ConnectAsync(gateway.Port, Vehicle.NewVin()))
        {
            await midway.Stream.WriteAsync(new byte[] { 0xF0, 0x00, 0x36, 0x02, 0x00, 0x00 }, Cancel); // AUTH does not exist in 3.1.1
            Assert.Null(await midway.ReceiveAsync());
        }

        Assert.Equal(MqttPubAckReasonCode.Success, (await vehicle.PublishAsync(Batches.Bytes(vehicle.Vin))).Code);
    }

    private async Task ExpectTooLarge(Gateway gateway, string vin)
    {
        var record = Assert.Single(await LogReader.ReadAsync(log.BootstrapServers, TopicCatalogue.DeadLetter.Name, vin, 1, Cancel));
        Assert.Equal(nameof(RejectReason.TooLarge), record.Header(DeadLetterHeaders.Reason));
        Assert.Contains("1048576", record.Header(DeadLetterHeaders.Detail), StringComparison.Ordinal);
        Assert.Equal(MqttTopics.Telemetry(vin), record.Header(DeadLetterHeaders.MqttTopic));
        Assert.InRange(record.Message.Value.Length, 1, 1_024);
        await gateway.ExpectMetricAsync(1, DeadLettered, "reason=\"TooLarge\"");
        Assert.Equal(0, gateway.InFlight.Bytes);
    }

    private static (string Topic, byte[] Payload) Bad(string what, string vin)
    {
        var own = MqttTopics.Telemetry(vin);
        var unknown = Batches.Right(vin);
        unknown.Columns[0].Signal = 999_999;
        return what switch
        {
            "random bytes" => (own, RandomNumberGenerator.GetBytes(500)),
            "truncated" => (own, Batches.Bytes(vin)[..^2]),
            "2090" => (own, Batches.Bytes(vin, start: new DateTimeOffset(2090, 1, 1, 0, 0, 0, TimeSpan.Zero))),
            "unknown signal" => (own, unknown.ToByteArray()),
            "another vehicle in the message" => (own, Batches.Bytes("SOMEONEELSE")),
            "another vehicle in the topic" => (MqttTopics.Telemetry("SOMEONEELSE"), Batches.Bytes("SOMEONEELSE")),
            "a topic of nobody" => ("v2/some/thing", Batches.Bytes(vin)),
            "a topic for the gateway" => (MqttTopics.Commands(vin), Batches.Bytes(vin)),
            "nothing" => (own, []),
            "a megabyte" => (own, [.. Enumerable.Repeat((byte)0xFF, 1_048_000)]),
            _ => throw new ArgumentException(what),
        };
    }
}
