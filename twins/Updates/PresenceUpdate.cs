using Kappa.Iot.Contracts;

namespace Kappa.Iot.Twins;

/// <summary>A vehicle came or went. Newer is what has the higher session epoch, then the higher offset.</summary>
public sealed record PresenceUpdate(Presence Presence, int Partition, long Offset) : TwinUpdate(Presence.Vin, Partition, Offset);
