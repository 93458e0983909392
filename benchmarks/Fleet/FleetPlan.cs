namespace Kappa.Iot.Benchmarks.Fleet;

/// <summary>How much is driven.</summary>
/// <param name="Vehicles">That are judged, half of them electric.</param>
/// <param name="Hours">Each of them drives.</param>
/// <param name="TrainingVehicles">Healthy ones of each profile that are trained on.</param>
/// <param name="TrainingHours">Each of these drives.</param>
/// <param name="FalseAlertsPerDay">What a vehicle's normal driving may raise in a day.</param>
/// <param name="Quick">Trains the small model.</param>
internal sealed record FleetPlan(int Vehicles, double Hours, int TrainingVehicles, double TrainingHours, double FalseAlertsPerDay, bool Quick);
