namespace Kappa.Iot.Embedded.Groups;

/// <summary>The times of the consumer protocol, which the server sets and not the clients.</summary>
internal sealed record ConsumerTiming(TimeSpan SessionTimeout, TimeSpan HeartbeatInterval);
