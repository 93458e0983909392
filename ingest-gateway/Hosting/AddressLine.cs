using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace Kappa.Iot.IngestGateway;

/// <summary>Says where vehicles connect, and where metrics and health are. (Kestrel's own line would call both HTTP.)</summary>
internal sealed partial class AddressLine(MqttAddress mqtt, IServer server, ILogger<AddressLine> logger) : IHostedLifecycleService
{
    public Task StartedAsync(CancellationToken cancellationToken)
    {
        var bound = server.Features.Get<IServerAddressesFeature>()?.Addresses ?? [];
        var http = bound.Where(address => address != $"http://{mqtt.EndPoint}");
        Listening(mqtt.EndPoint, http);
        return Task.CompletedTask;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(Level = LogLevel.Information, Message = "Vehicles: mqtt://{Mqtt}. Metrics and health: {Http}")]
    private partial void Listening(IPEndPoint mqtt, IEnumerable<string> http);
}
