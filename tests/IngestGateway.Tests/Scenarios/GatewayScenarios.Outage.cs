using System.Collections.Concurrent;
using Kappa.Iot.Contracts;
using MQTTnet.Packets;
using MQTTnet.Protocol;

namespace Kappa.Iot.IngestGateway.Tests;

public abstract partial class GatewayScenarios
{
    [Fact]
    [Trait("Invariant", "1")]
    public async Task While_the_log_is_away_nothing_is_acknowledged_and_vehicles_are_sent_away_until_it_is_back()
    {
        await using var gateway = await Gateway.StartAsync(log, "--Publishing:DeliveryTimeout=00:00:03");
        var vin = Vehicle.NewVin();
        using var raw = await RawMqtt.ConnectAsync(gateway.Port, vin, MQTTnet.Formatter.MqttProtocolVersion.V500);
        await raw.PublishAsync(MqttTopics.Telemetry(vin), Batches.Bytes(vin, 1), 1);
        Assert.IsType<MqttPubAckPacket>(await raw.ReceiveAsync());

        await log.StopAsync();
        try
        {
            // One that would be stored and one that would be dead-lettered: neither is.
            await raw.PublishAsync(MqttTopics.Telemetry(vin), Batches.Bytes(vin, 2), 2);
            await raw.PublishAsync(MqttTopics.Telemetry(vin), [1, 2, 3], 3);
            var answer = Assert.IsType<MqttDisconnectPacket>(await raw.ReceiveAsync());
            Assert.Equal(MqttDisconnectReasonCode.ServerBusy, answer.ReasonCode);
            Assert.Null(await raw.ReceiveAsync());
        }
        finally
        {
            await log.StartAsync();
        }

        await gateway.WaitUntilReadyAsync();
        await using var back = await Vehicle.ConnectAsync(gateway, vin);
        Assert.Equal(MqttPubAckReasonCode.Success, (await PublishUntilTakenAsync(gateway, back, vin, 2)).Code);
        var stored = await LogReader.SequencesAsync(log.BootstrapServers, vin, 2, Cancel);
        Assert.Equal([1UL, 2UL], stored.Distinct());

        // What the log missed of the vehicle's coming and going is said in the end.
        Assert.True((await PresenceAsync(vin, 2)).MaxBy(p => p.SessionEpoch)!.Online);
    }

    [Fact]
    public async Task A_gateway_that_starts_before_the_log_lets_vehicles_in_once_it_is_there()
    {
        if (log.Missing is { } missing) Assert.Skip(missing);
        await log.StopAsync();
        Gateway gateway;
        try
        {
            gateway = await Gateway.StartWithoutLogAsync(log);
            Assert.False(await gateway.IsReadyAsync());
            var (vehicle, refused) = await Vehicle.TryConnectAsync(gateway, Vehicle.NewVin(), MQTTnet.Formatter.MqttProtocolVersion.V500);
            await using (vehicle) Assert.Equal(MQTTnet.MqttClientConnectResultCode.ServerUnavailable, refused.ResultCode);
        }
        finally
        {
            await log.StartAsync();
        }

        await using (gateway)
        {
            await gateway.WaitUntilReadyAsync();
            await using var vehicle = await Vehicle.ConnectAsync(gateway);
            Assert.Equal(MqttPubAckReasonCode.Success, (await vehicle.PublishAsync(Batches.Bytes(vehicle.Vin))).Code);
        }
    }

    [Fact]
    [Trait("Invariant", "8")]
    public async Task A_log_that_stands_still_bounds_what_is_in_flight_and_then_everything_arrives()
    {
        const int limit = 40, vehicles = 8, each = 100;
        await using var gateway = await Gateway.StartAsync(log, $"--Publishing:MaxInFlight={limit}", "--Publishing:MaxInFlightPerConnection=20", "--Publishing:DeliveryTimeout=00:05:00");
        var fleet = new List<(string Vin, RawMqtt Raw)>();
        for (var i = 0; i < vehicles; i++)
        {
            var vin = Vehicle.NewVin();
            fleet.Add((vin, await RawMqtt.ConnectAsync(gateway.Port, vin)));
        }

        await log.StopAsync();
        Task sending;
        int most = 0;
        try
        {
            sending = Task.WhenAll(fleet.Select(v => Task.Run(async () =>
            {
                for (ushort id = 1; id <= each; id++) await v.Raw.PublishAsync(MqttTopics.Telemetry(v.Vin), Batches.Bytes(v.Vin, id), id);
            }, Cancel)));
            var until = DateTime.UtcNow + TimeSpan.FromMinutes(1);
            while (gateway.InFlight.Count < limit && DateTime.UtcNow < until) await Task.Delay(20, Cancel);
            for (var i = 0; i < 100; i++)
            {
                most = Math.Max(most, gateway.InFlight.Count);
                await Task.Delay(10, Cancel);
            }
        }
        finally
        {
            await log.StartAsync();
        }

        Assert.Equal(limit, most);
        await sending;
        foreach (var (vin, raw) in fleet)
        {
            for (ushort id = 1; id <= each; id++) Assert.Equal(id, Assert.IsType<MqttPubAckPacket>(await raw.ReceiveAsync()).PacketIdentifier);
            Assert.Equal(Enumerable.Range(1, each).Select(id => (ulong)id), (await LogReader.SequencesAsync(log.BootstrapServers, vin, each, Cancel)).Distinct());
            raw.Dispose();
        }
    }

    [Fact]
    [Trait("Invariant", "1")]
    public async Task Everything_acknowledged_is_on_the_log_after_the_gateway_is_killed()
    {
        if (log.Missing is { } missing) Assert.Skip(missing);
        var acknowledged = new ConcurrentDictionary<string, ConcurrentBag<ulong>>();
        await using (var gateway = await GatewayProcess.StartAsync(log))
        {
            var fleet = Enumerable.Range(0, 20).Select(_ => Vehicle.NewVin()).ToList();
            var enough = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var driving = fleet.Select(vin => Task.Run(async () =>
            {
                var stored = acknowledged[vin] = [];
                using var raw = await RawMqtt.ConnectAsync(gateway.Port, vin);
                var sending = Task.Run(async () =>
                {
                    try
                    {
                        for (ushort id = 1; id < ushort.MaxValue; id++) await raw.PublishAsync(MqttTopics.Telemetry(vin), Batches.Bytes(vin, id), id);
                    }
                    catch (Exception e) when (e is IOException or ObjectDisposedException)
                    {
                        // killed
                    }
                }, Cancel);
                while (await raw.ReceiveAsync() is MqttPubAckPacket ack)
                {
                    stored.Add(ack.PacketIdentifier);
                    if (stored.Count == 200) enough.TrySetResult();
                }

                raw.Dispose();
                await sending;
            }, Cancel)).ToList();
            await enough.Task.WaitAsync(TimeSpan.FromMinutes(2), Cancel);
            gateway.Kill();
            await Task.WhenAll(driving);
        }

        Assert.Contains(acknowledged.Values, stored => stored.Count >= 200);
        foreach (var (vin, stored) in acknowledged)
        {
            var onLog = (await LogReader.SequencesAsync(log.BootstrapServers, vin, stored.Count, Cancel)).ToHashSet();
            Assert.Subset(onLog, stored.ToHashSet());
        }
    }

    private static async Task<MqttPubAckReason> PublishUntilTakenAsync(Gateway gateway, Vehicle vehicle, string vin, ulong sequence)
    {
        // The producer may still be on its way back to the log: a vehicle does what vehicles do, and sends again.
        try
        {
            return await vehicle.PublishAsync(Batches.Bytes(vin, sequence));
        }
        catch (Exception e) when (e is MQTTnet.Exceptions.MqttCommunicationException or MQTTnet.Exceptions.MqttClientDisconnectedException)
        {
            await using var again = await Vehicle.ConnectAsync(gateway, vin);
            return await again.PublishAsync(Batches.Bytes(vin, sequence));
        }
    }
}
