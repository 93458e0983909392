using Kappa.Iot.Contracts;

namespace Kappa.Iot.Detection;

/// <summary>Vehicles that have something in common.</summary>
public readonly record struct FleetGroup(FleetDimension Dimension, string Value);
