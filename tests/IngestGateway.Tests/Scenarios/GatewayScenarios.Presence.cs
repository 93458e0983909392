using Kappa.Iot.Contracts;

namespace Kappa.Iot.IngestGateway.Tests;

public abstract partial class GatewayScenarios
{
    [Fact]
    public async Task A_vehicle_that_connects_and_leaves_is_online_then_disconnected()
    {
        await using var gateway = await Gateway.StartAsync(log);
        var vehicle = await Vehicle.ConnectAsync(gateway);
        await vehicle.DisposeAsync();

        var said = await PresenceAsync(vehicle.Vin, 2);
        Assert.Equal([(true, PresenceReason.Connected), (false, PresenceReason.Disconnected)], said.Select(p => (p.Online, p.Reason)));
        Assert.Equal(said[0].SessionEpoch, said[1].SessionEpoch);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_vehicle_that_loses_its_connection_is_lost_with_or_without_a_last_will(bool will)
    {
        await using var gateway = await Gateway.StartAsync(log);
        var vin = Vehicle.NewVin();
        var raw = await RawMqtt.ConnectAsync(gateway.Port, vin, will: will);
        raw.Dispose();

        var said = await PresenceAsync(vin, 2);
        Assert.Equal([(true, PresenceReason.Connected), (false, PresenceReason.ConnectionLost)], said.Select(p => (p.Online, p.Reason)));
    }

    [Fact]
    public async Task A_vehicle_that_falls_silent_is_lost_after_its_keep_alive()
    {
        await using var gateway = await Gateway.StartAsync(log);
        var vin = Vehicle.NewVin();
        using var raw = await RawMqtt.ConnectAsync(gateway.Port, vin, keepAlive: 1);

        Assert.Null(await raw.ReceiveAsync()); // closed, though this end never closed it
        var said = await PresenceAsync(vin, 2);
        Assert.Equal(PresenceReason.ConnectionLost, said[1].Reason);
    }

    [Fact]
    public async Task A_vehicle_that_only_pings_stays()
    {
        await using var gateway = await Gateway.StartAsync(log);
        var vin = Vehicle.NewVin();
        using var raw = await RawMqtt.ConnectAsync(gateway.Port, vin, keepAlive: 2);
        for (var i = 0; i < 6; i++)
        {
            await Task.Delay(TimeSpan.FromSeconds(1), Cancel);
            await raw.SendAsync(MQTTnet.Packets.MqttPingReqPacket.Instance);
            Assert.IsType<MQTTnet.Packets.MqttPingRespPacket>(await raw.ReceiveAsync());
        }
    }

    [Fact]
    public async Task A_vehicle_whose_session_is_taken_over_stays_online()
    {
        await using var gateway = await Gateway.StartAsync(log);
        var vin = Vehicle.NewVin();
        await using var first = await Vehicle.ConnectAsync(gateway, vin);
        await using var second = await Vehicle.ConnectAsync(gateway, vin);
        Assert.Equal(MQTTnet.MqttClientDisconnectReason.SessionTakenOver, (await first.Disconnected).Reason);
        await gateway.ExpectMetricAsync(1, "kappa_gateway_connections");

        await second.PublishAsync(Batches.Bytes(vin));
        var said = await PresenceAsync(vin, 2);
        Assert.True(said[^1].Online);
        Assert.True(said[^1].SessionEpoch > said[0].SessionEpoch);
        // Whatever order they came in: the newest epoch says online.
        Assert.True(said.MaxBy(p => p.SessionEpoch)!.Online);
    }

    [Fact]
    public async Task A_client_that_hangs_up_and_connects_again_at_once_keeps_its_new_connection()
    {
        await using var gateway = await Gateway.StartAsync(log);
        var vin = Vehicle.NewVin();
        for (var i = 0; i < 300; i++)
        {
            using var raw = await RawMqtt.ConnectAsync(gateway.Port, vin, MQTTnet.Formatter.MqttProtocolVersion.V500);
            await raw.SendAsync(MQTTnet.Packets.MqttPingReqPacket.Instance);
            Assert.IsType<MQTTnet.Packets.MqttPingRespPacket>(await raw.ReceiveAsync());
        }
    }

    [Fact]
    public async Task Stopping_the_gateway_stores_what_it_took_and_says_goodbye()
    {
        await using var gateway = await Gateway.StartAsync(log);
        await using var vehicle = await Vehicle.ConnectAsync(gateway);
        var acknowledged = await vehicle.PublishAsync(Batches.Bytes(vehicle.Vin));
        Assert.Equal(MQTTnet.Protocol.MqttPubAckReasonCode.Success, acknowledged.Code);

        await gateway.StopAsync();

        Assert.Equal(MQTTnet.MqttClientDisconnectReason.ServerShuttingDown, (await vehicle.Disconnected).Reason);
        var said = await PresenceAsync(vehicle.Vin, 2);
        Assert.Equal((false, PresenceReason.Disconnected), (said[^1].Online, said[^1].Reason));
    }

    private async Task<IReadOnlyList<Presence>> PresenceAsync(string vin, int atLeast) =>
        [.. (await LogReader.ReadAsync(log.BootstrapServers, TopicCatalogue.Presence.Name, vin, atLeast, Cancel)).Select(r => Presence.Parser.ParseFrom(r.Message.Value))];
}
