namespace Kappa.Iot.Simulator.Faults;

/// <summary>A line of the truth file.</summary>
/// <param name="FromMs">Event time of the first sample with the fault, Unix milliseconds.</param>
/// <param name="ToMs">Event time at which it was repaired; null while it lasts.</param>
public sealed record TruthLine(string Vin, string Fault, long FromMs, long? ToMs, double Severity);
