using System.Buffers;
using System.Net;
using Kappa.Iot.Contracts;
using Microsoft.Extensions.Options;
using MQTTnet;
using MQTTnet.Protocol;
using MQTTnet.Server;

namespace Kappa.Iot.IngestGateway;

/// <summary>Runs the MQTT library's server: who may connect, and what to subscribe to.</summary>
internal sealed partial class MqttEndpoint : IHostedService, IDisposable
{
    private readonly MqttServer _server;
    private readonly LogTopics _topics;
    private readonly PublishingServices _publishing;
    private readonly GatewayMetrics _metrics;
    private readonly ILogger<MqttEndpoint> _logger;

    public MqttEndpoint(IOptions<MqttOptions> options, VehicleConnectionHandler connections, LogTopics topics, PublishingServices publishing, GatewayMetrics metrics, MqttLibraryLog log, ILogger<MqttEndpoint> logger)
    {
        _topics = topics;
        _publishing = publishing;
        _metrics = metrics;
        _logger = logger;
        var server = new MqttServerOptionsBuilder().WithDefaultCommunicationTimeout(options.Value.ConnectTimeout).Build();
        server.WriterBufferSize = 256;
        server.KeepAliveOptions.MonitorInterval = TimeSpan.FromMinutes(10); // each connection watches its own
        _server = new MqttServer(server, [connections], log);
        _server.ValidatingConnectionAsync += Admit;
        _server.InterceptingSubscriptionAsync += AdmitSubscription;
        _server.InterceptingPublishAsync += TakeLastWill;
    }

    public Task StartAsync(CancellationToken cancellationToken) => _server.StartAsync();

    public Task StopAsync(CancellationToken cancellationToken) => _server.StopAsync(new MqttServerStopOptionsBuilder()
        .WithDefaultClientDisconnectOptions(client => client.WithReasonCode(MqttDisconnectReasonCode.ServerShuttingDown)).Build());

    /// <summary>Sends a message to the clients of a vehicle that have subscribed to its topic.</summary>
    public Task DeliverAsync(string topic, byte[] payload, CancellationToken cancel) =>
        _server.InjectApplicationMessage(new InjectedMqttApplicationMessage(new MqttApplicationMessage
        {
            Topic = topic,
            PayloadSegment = payload,
            QualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce,
        })
        { SenderClientId = "" }, cancel);

    public void Dispose() => _server.Dispose();

    private Task Admit(ValidatingConnectionEventArgs connection)
    {
        if (VehicleSession.VinOf(connection.ClientId) is null)
        {
            Refuse(connection, MqttConnectReasonCode.ClientIdentifierNotValid, "client id",
                $"The client id must be the vehicle's id (1 to {VehicleId.MaxLength} letters, digits, '-', '_' or '.'), or that, ':' and anything.");
        }
        else if (!_topics.AreReady)
        {
            Refuse(connection, MqttConnectReasonCode.ServerUnavailable, "log", "The log cannot be reached yet: try again later.");
        }

        return Task.CompletedTask;
    }

    private void Refuse(ValidatingConnectionEventArgs connection, MqttConnectReasonCode code, string word, string reason)
    {
        connection.ReasonCode = code;
        connection.ReasonString = reason;
        _metrics.ConnectionRefused(word);
        Refused(connection.RemoteEndPoint, reason);
    }

    /// <summary>A vehicle may listen to its commands, and to nothing else.</summary>
    private static Task AdmitSubscription(InterceptingSubscriptionEventArgs subscription)
    {
        if (subscription.TopicFilter.Topic == MqttTopics.Commands(VehicleSession.VinOf(subscription.ClientId)!)) return Task.CompletedTask;
        subscription.Response.ReasonCode = MqttSubscribeReasonCode.NotAuthorized;
        subscription.ReasonString = $"A vehicle may subscribe to v1/{{vin}}/commands only.";
        subscription.ProcessSubscription = false;
        return Task.CompletedTask;
    }

    /// <summary>Vehicles' publishes never come this far. What does are commands, which go on, and last wills, which are taken like any message.</summary>
    private async Task TakeLastWill(InterceptingPublishEventArgs publish)
    {
        if (publish.ClientId.Length == 0 || VehicleSession.VinOf(publish.ClientId) is not { } vin) return;
        publish.ProcessPublish = false;

        var payload = publish.ApplicationMessage.Payload.ToArray();
        var started = _publishing.Time.GetTimestamp();
        await _publishing.Gate.EnterAsync(payload.Length, CancellationToken.None);
        var session = new VehicleSession(publish.ClientId, vin, (ulong)_publishing.Time.GetUtcNow().ToUnixTimeMilliseconds());
        var outcome = await _publishing.Intake.TakeAsync(session, publish.ApplicationMessage.Topic, payload);
        _publishing.Gate.Leave(payload.Length);
        _metrics.Settled(outcome.Result, _publishing.Time.GetElapsedTime(started));
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Refused {Client}: {Reason}")]
    private partial void Refused(EndPoint? client, string reason);
}
