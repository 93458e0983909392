namespace Kappa.Iot.Contracts;

/// <summary>What an MQTT topic of a vehicle carries.</summary>
public enum MqttChannel
{
    /// <summary>A <see cref="TelemetryBatch"/> as Protobuf.</summary>
    Telemetry,

    /// <summary>The same as JSON.</summary>
    TelemetryJson,
    Presence,
    Commands,
    CommandResults,
}
