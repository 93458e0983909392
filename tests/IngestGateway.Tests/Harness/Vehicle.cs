using System.Buffers;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Protocol;

namespace Kappa.Iot.IngestGateway.Tests;

/// <summary>A vehicle, with the MQTT library's own client.</summary>
internal sealed class Vehicle : IAsyncDisposable
{
    private readonly TaskCompletionSource<MqttClientDisconnectedEventArgs> _disconnected = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private Vehicle(string vin)
    {
        Vin = vin;
        Client = new MqttClientFactory().CreateMqttClient();
        Client.DisconnectedAsync += e =>
        {
            _disconnected.TrySetResult(e);
            return Task.CompletedTask;
        };
    }

    public string Vin { get; }

    public IMqttClient Client { get; }

    /// <summary>Completes when the connection ends, with the reason.</summary>
    public Task<MqttClientDisconnectedEventArgs> Disconnected => _disconnected.Task.WaitAsync(TimeSpan.FromMinutes(1));

    /// <summary>A vehicle id that no other test uses.</summary>
    public static string NewVin() => $"T{Guid.NewGuid():N}"[..17].ToUpperInvariant();

    public static async Task<Vehicle> ConnectAsync(Gateway gateway, string? vin = null, MqttProtocolVersion version = MqttProtocolVersion.V500, string? clientId = null, bool clean = true)
    {
        var vehicle = new Vehicle(vin ?? NewVin());
        await vehicle.TryConnectAsync(gateway.Port, version, clientId, clean);
        return vehicle;
    }

    public static async Task<(Vehicle Vehicle, MqttClientConnectResult Result)> TryConnectAsync(Gateway gateway, string clientId, MqttProtocolVersion version)
    {
        var vehicle = new Vehicle(clientId);
        return (vehicle, await vehicle.TryConnectAsync(gateway.Port, version, clientId, clean: true));
    }

    public async Task<MqttPubAckReason> PublishAsync(byte[] payload, string? topic = null, MqttQualityOfServiceLevel qos = MqttQualityOfServiceLevel.AtLeastOnce)
    {
        var message = new MqttApplicationMessageBuilder().WithTopic(topic ?? Contracts.MqttTopics.Telemetry(Vin)).WithPayload(payload).WithQualityOfServiceLevel(qos).Build();
        var result = await Client.PublishAsync(message, TestContext.Current.CancellationToken);
        return new((MqttPubAckReasonCode)(int)result.ReasonCode, result.ReasonString);
    }

    public Task<MqttClientSubscribeResult> SubscribeAsync(string topic) => Client.SubscribeAsync(
        new MqttClientSubscribeOptionsBuilder().WithTopicFilter(topic, MqttQualityOfServiceLevel.AtLeastOnce).Build(), TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        if (Client.IsConnected) await Client.DisconnectAsync();
        Client.Dispose();
    }

    private Task<MqttClientConnectResult> TryConnectAsync(int port, MqttProtocolVersion version, string? clientId, bool clean) =>
        Client.ConnectAsync(new MqttClientOptionsBuilder()
            .WithTcpServer("127.0.0.1", port).WithClientId(clientId ?? Vin).WithProtocolVersion(version).WithCleanSession(clean)
            .WithTimeout(TimeSpan.FromMinutes(1)).Build(), TestContext.Current.CancellationToken);
}

/// <summary>What a publish was answered with.</summary>
internal readonly record struct MqttPubAckReason(MqttPubAckReasonCode Code, string? Text);
