using Kappa.Iot.Simulator.Physics;

namespace Kappa.Iot.Simulator.Journal;

/// <summary>A vehicle as the journal knows it: its newest boot, and its state after its newest batch.</summary>
public sealed record VehicleRecord(ulong BootId, VehicleState State);
