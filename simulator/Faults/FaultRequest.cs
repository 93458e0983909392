namespace Kappa.Iot.Simulator.Faults;

/// <summary>A fault that is to begin.</summary>
/// <param name="FromMs">Event time, Unix milliseconds; a vehicle that has driven further begins later.</param>
/// <param name="LastsMs">Time until the vehicle is repaired.</param>
public sealed record FaultRequest(FaultKind Kind, double Severity, long FromMs, long LastsMs);
