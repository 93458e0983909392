using MQTTnet.Protocol;

namespace Kappa.Iot.IngestGateway;

/// <summary>Why the gateway ends a session.</summary>
/// <param name="Reason">What MQTT 5 clients are told.</param>
/// <param name="Detail">Reason string, null where there is nothing to add.</param>
/// <param name="EndsCleanly">False where the vehicle counts as lost rather than as gone.</param>
internal sealed record Closing(MqttDisconnectReasonCode Reason, string? Detail, bool EndsCleanly);
