using Google.Protobuf;
using Kappa.Iot.Contracts;
using MQTTnet.Formatter;
using MQTTnet.Protocol;

namespace Kappa.Iot.IngestGateway.Tests;

/// <summary>What the gateway promises, whichever log is behind it.</summary>
public abstract partial class GatewayScenarios(TestLog log)
{
    private const string Publishes = "kappa_gateway_publishes_total";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(MqttProtocolVersion.V311, MqttQualityOfServiceLevel.AtMostOnce)]
    [InlineData(MqttProtocolVersion.V311, MqttQualityOfServiceLevel.AtLeastOnce)]
    [InlineData(MqttProtocolVersion.V311, MqttQualityOfServiceLevel.ExactlyOnce)]
    [InlineData(MqttProtocolVersion.V500, MqttQualityOfServiceLevel.AtMostOnce)]
    [InlineData(MqttProtocolVersion.V500, MqttQualityOfServiceLevel.AtLeastOnce)]
    [InlineData(MqttProtocolVersion.V500, MqttQualityOfServiceLevel.ExactlyOnce)]
    public async Task Published_telemetry_is_on_the_log_as_it_was_sent(MqttProtocolVersion version, MqttQualityOfServiceLevel qos)
    {
        await using var gateway = await Gateway.StartAsync(log);
        await using var vehicle = await Vehicle.ConnectAsync(gateway, version: version);
        var start = DateTimeOffset.UtcNow.AddHours(-1);
        var sent = Batches.Bytes(vehicle.Vin, start: start);

        var answer = await vehicle.PublishAsync(sent, qos: qos);

        Assert.Equal(MqttPubAckReasonCode.Success, answer.Code);
        var record = Assert.Single(await LogReader.ReadAsync(log.BootstrapServers, TopicCatalogue.Telemetry.Name, vehicle.Vin, 1, Cancel));
        Assert.Equal(sent, record.Message.Value);
        Assert.Equal(start.ToUnixTimeMilliseconds(), record.Message.Timestamp.UnixTimestampMs);
    }

    [Fact]
    public async Task Telemetry_in_JSON_is_on_the_log_as_Protobuf()
    {
        await using var gateway = await Gateway.StartAsync(log);
        await using var vehicle = await Vehicle.ConnectAsync(gateway);
        var json = """{"profile":"combustion","signals":{"Vehicle.OBD.EngineSpeed":2100}}"""u8.ToArray();

        await vehicle.PublishAsync(json, MqttTopics.TelemetryJson(vehicle.Vin));
        await vehicle.PublishAsync(json, MqttTopics.TelemetryJson(vehicle.Vin));

        Assert.Equal([1UL, 2UL], await LogReader.SequencesAsync(log.BootstrapServers, vehicle.Vin, 2, Cancel));
    }

    [Fact]
    public async Task Many_publishes_on_one_connection_are_acknowledged_in_their_order()
    {
        await using var gateway = await Gateway.StartAsync(log, "--Publishing:MaxInFlightPerConnection=50");
        var vin = Vehicle.NewVin();
        using var raw = await RawMqtt.ConnectAsync(gateway.Port, vin);
        const int count = 500;

        // A client that does not wait, with a refused one in between: its dead letter goes another way, its turn stays.
        var sending = Task.Run(async () =>
        {
            for (ushort id = 1; id <= count; id++)
                await raw.PublishAsync(MqttTopics.Telemetry(vin), id % 100 == 7 ? [1, 2, 3] : Batches.Bytes(vin, id), id);
        }, Cancel);
        for (ushort id = 1; id <= count; id++)
            Assert.Equal(id, Assert.IsType<MQTTnet.Packets.MqttPubAckPacket>(await raw.ReceiveAsync()).PacketIdentifier);
        await sending;

        var expected = Enumerable.Range(1, count).Where(id => id % 100 != 7).Select(id => (ulong)id);
        Assert.Equal(expected, await LogReader.SequencesAsync(log.BootstrapServers, vin, count - 5, Cancel));
    }

    [Fact]
    public async Task QoS_2_the_same_message_again_is_not_written_twice_even_after_a_lost_connection()
    {
        await using var gateway = await Gateway.StartAsync(log);
        var vin = Vehicle.NewVin();
        var payload = Batches.Bytes(vin);
        using (var first = await RawMqtt.ConnectAsync(gateway.Port, vin, clean: false))
        {
            await first.PublishAsync(MqttTopics.Telemetry(vin), payload, 5, MqttQualityOfServiceLevel.ExactlyOnce);
            Assert.IsType<MQTTnet.Packets.MqttPubRecPacket>(await first.ReceiveAsync());
            await first.PublishAsync(MqttTopics.Telemetry(vin), payload, 5, MqttQualityOfServiceLevel.ExactlyOnce, dup: true);
            Assert.IsType<MQTTnet.Packets.MqttPubRecPacket>(await first.ReceiveAsync());
        }

        await gateway.ExpectMetricAsync(0, "kappa_gateway_connections");
        using var second = await RawMqtt.ConnectAsync(gateway.Port, vin, clean: false);
        await second.PublishAsync(MqttTopics.Telemetry(vin), payload, 5, MqttQualityOfServiceLevel.ExactlyOnce, dup: true);
        Assert.IsType<MQTTnet.Packets.MqttPubRecPacket>(await second.ReceiveAsync());
        await second.SendAsync(new MQTTnet.Packets.MqttPubRelPacket { PacketIdentifier = 5 });
        Assert.Equal(5, Assert.IsType<MQTTnet.Packets.MqttPubCompPacket>(await second.ReceiveAsync()).PacketIdentifier);

        // Released: the id is free for the next message.
        await second.PublishAsync(MqttTopics.Telemetry(vin), Batches.Bytes(vin, 2), 5, MqttQualityOfServiceLevel.ExactlyOnce);
        Assert.IsType<MQTTnet.Packets.MqttPubRecPacket>(await second.ReceiveAsync());
        Assert.Equal([1UL, 2UL], await LogReader.SequencesAsync(log.BootstrapServers, vin, 2, Cancel));
    }

    [Theory]
    [InlineData(MqttProtocolVersion.V311)]
    [InlineData(MqttProtocolVersion.V500)]
    public async Task QoS_2_the_same_message_again_is_not_written_twice_where_the_old_connection_is_still_there(MqttProtocolVersion version)
    {
        await using var gateway = await Gateway.StartAsync(log);
        var vin = Vehicle.NewVin();
        var connections = new List<RawMqtt>();
        for (var i = 0; i < 5; i++)
        {
            var raw = await RawMqtt.ConnectAsync(gateway.Port, vin, version, clean: false);
            connections.Add(raw);
            await raw.PublishAsync(MqttTopics.Telemetry(vin), Batches.Bytes(vin), 5, MqttQualityOfServiceLevel.ExactlyOnce, dup: i > 0);
            Assert.IsType<MQTTnet.Packets.MqttPubRecPacket>(await raw.ReceiveAsync());
        }

        await connections[^1].PublishAsync(MqttTopics.Telemetry(vin), Batches.Bytes(vin, 2), 6, MqttQualityOfServiceLevel.ExactlyOnce);
        Assert.IsType<MQTTnet.Packets.MqttPubRecPacket>(await connections[^1].ReceiveAsync());
        Assert.Equal([1UL, 2UL], await LogReader.SequencesAsync(log.BootstrapServers, vin, 2, Cancel));
        connections.ForEach(raw => raw.Dispose());
    }

    [Fact]
    public async Task Metrics_are_the_gateways_own_whatever_others_in_its_process_do()
    {
        await using var gateway = await Gateway.StartAsync(log);
        var another = await Gateway.StartAsync(log);
        await using (another)
        {
            await using var vehicle = await Vehicle.ConnectAsync(another);
            await vehicle.PublishAsync(Batches.Bytes(vehicle.Vin));
            await another.ExpectMetricAsync(1, Publishes, "outcome=\"Stored\"");
            Assert.Equal(0, await gateway.MetricAsync(Publishes));
        }

        await using var own = await Vehicle.ConnectAsync(gateway);
        await own.PublishAsync(Batches.Bytes(own.Vin));
        await gateway.ExpectMetricAsync(1, Publishes, "outcome=\"Stored\"");
        await gateway.ExpectMetricAsync(1, "kappa_gateway_connections");
    }

    [Fact]
    public async Task QoS_2_another_message_under_an_unreleased_id_is_written()
    {
        await using var gateway = await Gateway.StartAsync(log);
        var vin = Vehicle.NewVin();
        using var raw = await RawMqtt.ConnectAsync(gateway.Port, vin);
        foreach (var sequence in new ulong[] { 1, 2 })
        {
            await raw.PublishAsync(MqttTopics.Telemetry(vin), Batches.Bytes(vin, sequence), 5, MqttQualityOfServiceLevel.ExactlyOnce);
            Assert.IsType<MQTTnet.Packets.MqttPubRecPacket>(await raw.ReceiveAsync());
        }

        Assert.Equal([1UL, 2UL], await LogReader.SequencesAsync(log.BootstrapServers, vin, 2, Cancel));
    }

    [Fact]
    public async Task MQTT_5_topic_aliases_stand_for_their_topics()
    {
        await using var gateway = await Gateway.StartAsync(log);
        var vin = Vehicle.NewVin();
        using var raw = await RawMqtt.ConnectAsync(gateway.Port, vin, MqttProtocolVersion.V500);
        foreach (var (topic, id) in new[] { (MqttTopics.Telemetry(vin), (ushort)1), ("", (ushort)2) })
        {
            await raw.SendAsync(new MQTTnet.Packets.MqttPublishPacket
            {
                Topic = topic,
                TopicAlias = 3,
                PacketIdentifier = id,
                QualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce,
                PayloadSegment = Batches.Bytes(vin, id),
            });
            Assert.Equal(MqttPubAckReasonCode.Success, Assert.IsType<MQTTnet.Packets.MqttPubAckPacket>(await raw.ReceiveAsync()).ReasonCode);
        }

        Assert.Equal([1UL, 2UL], await LogReader.SequencesAsync(log.BootstrapServers, vin, 2, Cancel));
    }

    [Fact]
    public async Task A_command_reaches_its_vehicle_and_the_result_comes_back()
    {
        await using var gateway = await Gateway.StartAsync(log);
        await using var vehicle = await Vehicle.ConnectAsync(gateway);
        await using var other = await Vehicle.ConnectAsync(gateway);
        var received = new TaskCompletionSource<byte[]>(TaskCreationOptions.RunContinuationsAsynchronously);
        vehicle.Client.ApplicationMessageReceivedAsync += e =>
        {
            received.TrySetResult(System.Buffers.BuffersExtensions.ToArray(e.ApplicationMessage.Payload));
            return Task.CompletedTask;
        };
        var granted = await vehicle.SubscribeAsync(MqttTopics.Commands(vehicle.Vin));
        Assert.Equal(MQTTnet.MqttClientSubscribeResultCode.GrantedQoS1, granted.Items.Single().ResultCode);
        var foreign = await other.SubscribeAsync(MqttTopics.Commands(vehicle.Vin));
        Assert.Equal(MQTTnet.MqttClientSubscribeResultCode.NotAuthorized, foreign.Items.Single().ResultCode);

        var command = new Command { Vin = vehicle.Vin, CommandId = "c1", Name = "honk" };
        await ProduceUntil(TopicCatalogue.Commands.Name, vehicle.Vin, command.ToByteArray(), received.Task);
        Assert.Equal(command, Command.Parser.ParseFrom(await received.Task));

        var result = new CommandResult { Vin = vehicle.Vin, CommandId = "c1", Succeeded = true };
        Assert.Equal(MqttPubAckReasonCode.Success, (await vehicle.PublishAsync(result.ToByteArray(), MqttTopics.CommandResults(vehicle.Vin))).Code);
        var record = Assert.Single(await LogReader.ReadAsync(log.BootstrapServers, TopicCatalogue.CommandResults.Name, vehicle.Vin, 1, Cancel));
        Assert.Equal(result, CommandResult.Parser.ParseFrom(record.Message.Value));
    }

    /// <summary>The gateway reads commands from when it listens; it may be just about to.</summary>
    private async Task ProduceUntil(string topic, string key, byte[] value, Task received)
    {
        using var producer = new Confluent.Kafka.ProducerBuilder<string, byte[]>(new Confluent.Kafka.ProducerConfig { BootstrapServers = log.BootstrapServers }).Build();
        for (var attempt = 0; attempt < 60 && !received.IsCompleted; attempt++)
        {
            await producer.ProduceAsync(topic, new() { Key = key, Value = value }, Cancel);
            await Task.WhenAny(received, Task.Delay(TimeSpan.FromSeconds(1), Cancel));
        }

        Assert.True(received.IsCompletedSuccessfully, "The command did not reach the vehicle.");
    }
}
