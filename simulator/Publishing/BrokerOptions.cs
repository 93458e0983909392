using MQTTnet.Formatter;

namespace Kappa.Iot.Simulator.Publishing;

/// <summary>Where vehicles connect to, and how patient they are.</summary>
public sealed record BrokerOptions
{
    public required string Host { get; init; }

    public required int Port { get; init; }

    public MqttProtocolVersion Protocol { get; init; } = MqttProtocolVersion.V500;

    public TimeSpan KeepAlive { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Batches of one vehicle that may be produced but not acknowledged; then it waits.</summary>
    public int Window { get; init; } = 16;

    /// <summary>New connections a second, over all vehicles.</summary>
    public int ConnectRate { get; init; } = 200;

    /// <summary>How long one attempt to connect may take.</summary>
    public TimeSpan AttemptTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>After this time without an acknowledgement that is due, a vehicle connects anew and sends again.</summary>
    public TimeSpan AcknowledgeTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>First wait before a vehicle connects again; doubled at each failure, up to <see cref="LongestBackoff"/>.</summary>
    public TimeSpan FirstBackoff { get; init; } = TimeSpan.FromMilliseconds(250);

    public TimeSpan LongestBackoff { get; init; } = TimeSpan.FromSeconds(8);

    public override string ToString() => $"{Host}:{Port}";
}
