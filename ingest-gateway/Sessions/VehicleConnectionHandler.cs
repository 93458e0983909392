using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using MQTTnet.Adapter;
using MQTTnet.Diagnostics.Logger;
using MQTTnet.Formatter;
using MQTTnet.Protocol;
using MQTTnet.Server;

namespace Kappa.Iot.IngestGateway;

/// <summary>Where Kestrel's connections enter the MQTT library.</summary>
internal sealed class VehicleConnectionHandler(ConnectionServices services) : ConnectionHandler, IMqttServerAdapter
{
    /// <summary>Bytes that a connection's write buffer starts with, and shrinks back to: acknowledgements are small.</summary>
    private const int WriteBuffer = 256;
    private const int MaxWriteBuffer = 4_096;

    private static readonly Closing ShuttingDown = new(MqttDisconnectReasonCode.ServerShuttingDown, "The gateway is being stopped: connect again.", EndsCleanly: true);

    public Func<IMqttChannelAdapter, Task>? ClientHandler { get; set; }

    public override async Task OnConnectedAsync(ConnectionContext connection)
    {
        if (ClientHandler is not { } serve) return;

        var formatter = new MqttPacketFormatterAdapter(new MqttBufferWriter(WriteBuffer, MaxWriteBuffer));
        using var vehicle = new VehicleConnection(connection, formatter, services);
        var stop = connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? default;
        using var stopping = stop.UnsafeRegister(static state => ((VehicleConnection)state!).Close(ShuttingDown), vehicle);
        try
        {
            await serve(vehicle);
        }
        finally
        {
            vehicle.End();
        }
    }

    public Task StartAsync(MqttServerOptions options, IMqttNetLogger logger) => Task.CompletedTask;

    public Task StopAsync() => Task.CompletedTask;

    public void Dispose()
    {
    }
}
