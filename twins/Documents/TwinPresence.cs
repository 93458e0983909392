using Kappa.Iot.Contracts;

namespace Kappa.Iot.Twins;

/// <summary>Whether a vehicle is connected, as its newest session says.</summary>
public sealed record TwinPresence
{
    public required bool Online { get; init; }

    public required DateTimeOffset ChangedAt { get; init; }

    public required PresenceReason Reason { get; init; }

    public required ulong SessionEpoch { get; init; }

    /// <summary>Where it is written in topic <c>vehicle.presence</c>.</summary>
    public required int Partition { get; init; }

    public required long Offset { get; init; }
}
