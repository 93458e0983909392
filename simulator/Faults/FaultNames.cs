using Kappa.Iot.Contracts;

namespace Kappa.Iot.Simulator.Faults;

/// <summary>The names people and the truth file use for faults.</summary>
public static class FaultNames
{
    private static readonly Dictionary<FaultKind, string> Names = new()
    {
        [FaultKind.None] = "none",
        [FaultKind.CoolantLeak] = "coolant-leak",
        [FaultKind.BatteryCellDecay] = "battery-cell-decay",
        [FaultKind.TyreLeak] = "tyre-leak",
        [FaultKind.BrakeDrag] = "brake-drag",
        [FaultKind.ChargingFailure] = "charging-failure",
        [FaultKind.TemperatureSensorDrift] = "temperature-sensor-drift",
        [FaultKind.VacuumLeak] = "vacuum-leak",
        [FaultKind.AirMassSensorDrift] = "air-mass-sensor-drift",
        [FaultKind.StuckThermostat] = "stuck-thermostat",
        [FaultKind.Misfire] = "misfire",
        [FaultKind.WeakFuelPump] = "weak-fuel-pump",
        [FaultKind.MotorBearing] = "motor-bearing",
    };

    /// <summary>Every fault that can be injected.</summary>
    public static IReadOnlyList<FaultKind> All { get; } = [.. Names.Keys.Where(kind => kind != FaultKind.None)];

    /// <summary>Those that show within a minute or so, whatever the vehicle does.</summary>
    public static IReadOnlyList<FaultKind> Quick { get; } = [FaultKind.CoolantLeak, FaultKind.BatteryCellDecay, FaultKind.TyreLeak];

    public static string Of(FaultKind kind) => Names.TryGetValue(kind, out var name) ? name : throw new ArgumentOutOfRangeException(nameof(kind), kind, "Not a fault.");

    /// <summary>Whether vehicles of a profile have the part that breaks.</summary>
    public static bool CanHappen(FaultKind kind, string profile) => kind switch
    {
        FaultKind.VacuumLeak or FaultKind.AirMassSensorDrift or FaultKind.StuckThermostat or FaultKind.Misfire or FaultKind.WeakFuelPump => profile == VehicleProfiles.Combustion,
        FaultKind.MotorBearing => profile == VehicleProfiles.Electric,
        _ => true,
    };

    /// <returns>False where no fault has this name.</returns>
    public static bool TryParse(string name, out FaultKind kind)
    {
        kind = All.FirstOrDefault(k => string.Equals(Of(k), name, StringComparison.OrdinalIgnoreCase));
        return kind != FaultKind.None;
    }
}
