using Microsoft.Extensions.Options;

namespace Kappa.Iot.IngestGateway;

/// <summary>What every connection shares.</summary>
internal sealed class ConnectionServices(
    IOptions<MqttOptions> mqtt,
    PublishingServices publishing,
    CurrentConnections connections,
    PresenceBoard presence,
    ReceivedIdsByClient receivedIds,
    GatewayMetrics metrics,
    TimeProvider time)
{
    /// <summary>MQTT 5: short numbers for topics, per connection.</summary>
    public const ushort MaxTopicAliases = 16;

    public int MaxPacketSize { get; } = mqtt.Value.MaxPacketSize;

    public PublishingServices Publishing => publishing;

    public CurrentConnections Connections => connections;

    public PresenceBoard Presence => presence;

    public ReceivedIdsByClient ReceivedIds => receivedIds;

    public GatewayMetrics Metrics => metrics;

    public TimeProvider Time => time;
}
