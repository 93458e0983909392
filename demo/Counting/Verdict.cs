namespace Kappa.Iot.Demo.Counting;

/// <param name="FaultsDetected">Faults with at least one alert of their vehicle while they lasted.</param>
/// <param name="FalseAlerts">Alerts of vehicles that had no fault.</param>
/// <param name="FirstDetectionMs">When the first alert of a faulty vehicle was written, Unix milliseconds; null where none was.</param>
public readonly record struct Verdict(int FaultsDetected, int FalseAlerts, long? FirstDetectionMs);
