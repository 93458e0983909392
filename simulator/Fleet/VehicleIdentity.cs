namespace Kappa.Iot.Simulator.Fleet;

/// <summary>A vehicle on paper.</summary>
public sealed record VehicleIdentity(string Vin, string Profile, string Make, string Model, int Year, string Owner, ulong Seed);
