using System.Collections.Frozen;

namespace Kappa.Iot.Contracts;

/// <summary>All signals of the platform. To add one, give it a new id; ids are on the log for ever.</summary>
public static class SignalCatalogue
{
    private const float Percent255 = 100f / 255;
    private const float Percent128 = 100f / 128;

    public static IReadOnlyList<Signal> All { get; } =
    [
        new(1, "Vehicle.OBD.EngineSpeed", "Engine speed", "rpm", 0, 8000, AlertType.Engine) { Resolution = 0.25f },
        new(2, "Vehicle.OBD.Speed", "Speed", "km/h", 0, 255, AlertType.Engine) { Resolution = 1 },
        new(3, "Vehicle.OBD.ThrottlePosition", "Throttle", "%", 0, 100, AlertType.Engine) { Resolution = Percent255 },
        new(4, "Vehicle.OBD.EngineLoad", "Engine load", "%", 0, 100, AlertType.Engine) { Resolution = Percent255 },
        new(5, "Vehicle.OBD.CoolantTemperature", "Coolant temperature", "°C", -40, 130, AlertType.Cooling) { Resolution = 1 },
        new(6, "Vehicle.OBD.LongTermFuelTrim1", "Long-term fuel trim", "%", -100, 100, AlertType.Fuel) { Resolution = Percent128 },
        new(7, "Vehicle.OBD.ShortTermFuelTrim1", "Short-term fuel trim", "%", -100, 100, AlertType.Fuel) { Resolution = Percent128 },
        new(8, "Vehicle.OBD.MAP", "Manifold pressure", "kPa", 0, 255, AlertType.Engine) { Resolution = 1 },
        new(9, "Vehicle.OBD.FuelLevel", "Fuel level", "%", 0, 100, AlertType.Fuel) { Resolution = Percent255, Scored = false },
        new(10, "Vehicle.OBD.AcceleratorPositionD", "Accelerator pedal", "%", 0, 100, AlertType.Engine) { Resolution = Percent255 },
        new(11, "Vehicle.OBD.RelativeThrottlePosition", "Relative throttle", "%", 0, 100, AlertType.Engine) { Resolution = Percent255 },
        new(12, "Vehicle.OBD.IntakeTemp", "Intake air temperature", "°C", -40, 120, AlertType.Engine) { Resolution = 1 },
        new(13, "Vehicle.OBD.TimingAdvance", "Timing advance", "°", -64, 64, AlertType.Engine) { Resolution = 0.5f },
        new(14, "Vehicle.OBD.Catalyst.Bank1.Temperature1", "Catalyst temperature, front", "°C", -40, 1200, AlertType.Engine) { Resolution = 0.1f },
        new(15, "Vehicle.OBD.Catalyst.Bank1.Temperature2", "Catalyst temperature, rear", "°C", -40, 1200, AlertType.Engine) { Resolution = 0.1f },
        new(16, "Vehicle.OBD.ControlModuleVoltage", "Control module voltage", "V", 0, 20, AlertType.Electrical) { Resolution = 0.02f },
        new(17, "Vehicle.OBD.MAF", "Intake air flow", "g/s", 0, 655, AlertType.Engine) { Resolution = 0.01f },
        new(18, "Vehicle.OBD.OilTemperature", "Oil temperature", "°C", -40, 180, AlertType.Engine) { Resolution = 1 },

        new(30, "Vehicle.Speed", "Speed", "km/h", 0, 250, AlertType.Engine),
        new(31, "Vehicle.Acceleration.Longitudinal", "Longitudinal acceleration", "m/s²", -12, 12, AlertType.Engine),
        new(32, "Vehicle.Chassis.Accelerator.PedalPosition", "Accelerator pedal", "%", 0, 100, AlertType.Engine),
        new(33, "Vehicle.Chassis.Brake.PedalPosition", "Brake pedal", "%", 0, 100, AlertType.Brakes),
        new(34, "Vehicle.Exterior.AirTemperature", "Outside temperature", "°C", -50, 60, AlertType.Sensor),
        new(35, "Vehicle.LowVoltageBattery.CurrentVoltage", "12 V battery", "V", 0, 16, AlertType.Electrical),

        new(40, "Vehicle.Chassis.Axle.Row1.Wheel.Left.Tire.Pressure", "Tyre, front left", "kPa", 0, 400, AlertType.Tyres),
        new(41, "Vehicle.Chassis.Axle.Row1.Wheel.Right.Tire.Pressure", "Tyre, front right", "kPa", 0, 400, AlertType.Tyres),
        new(42, "Vehicle.Chassis.Axle.Row2.Wheel.Left.Tire.Pressure", "Tyre, rear left", "kPa", 0, 400, AlertType.Tyres),
        new(43, "Vehicle.Chassis.Axle.Row2.Wheel.Right.Tire.Pressure", "Tyre, rear right", "kPa", 0, 400, AlertType.Tyres),

        new(50, "Vehicle.Powertrain.TractionBattery.StateOfCharge.Current", "State of charge", "%", 0, 100, AlertType.Battery),
        new(51, "Vehicle.Powertrain.TractionBattery.CurrentVoltage", "Pack voltage", "V", 0, 1000, AlertType.Battery),
        new(52, "Vehicle.Powertrain.TractionBattery.CurrentCurrent", "Pack current", "A", -800, 800, AlertType.Battery),
        new(53, "Vehicle.Powertrain.TractionBattery.Temperature.Average", "Pack temperature", "°C", -40, 80, AlertType.Battery),
        new(54, "Vehicle.Powertrain.TractionBattery.CellVoltage.Min", "Lowest cell voltage", "V", 0, 5, AlertType.Battery),
        new(55, "Vehicle.Powertrain.TractionBattery.CellVoltage.Max", "Highest cell voltage", "V", 0, 5, AlertType.Battery),
        new(56, "Vehicle.Powertrain.ElectricMotor.Speed", "Motor speed", "rpm", -20000, 20000, AlertType.Engine),
        new(57, "Vehicle.Powertrain.ElectricMotor.Torque", "Motor torque", "Nm", -1000, 1000, AlertType.Engine),
        new(58, "Vehicle.Powertrain.ElectricMotor.Temperature", "Motor temperature", "°C", -40, 200, AlertType.Engine),
        new(59, "Vehicle.Powertrain.ElectricMotor.CoolantTemperature", "Motor coolant temperature", "°C", -40, 120, AlertType.Cooling),

        new(70, "Vehicle.CurrentLocation.Latitude", "Latitude", "°", -90, 90, AlertType.Sensor) { Scored = false },
        new(71, "Vehicle.CurrentLocation.Longitude", "Longitude", "°", -180, 180, AlertType.Sensor) { Scored = false },
        new(72, "Vehicle.CurrentLocation.Heading", "Heading", "°", 0, 360, AlertType.Sensor) { Scored = false },
        new(73, "Vehicle.TraveledDistance", "Odometer", "km", 0, 2_000_000, AlertType.Sensor) { Scored = false },

        new(90, "Kappa.Powertrain.VibrationAmplitude", "Engine vibration", "mV", 0, 10_000, AlertType.Engine),
        new(91, "Kappa.Chassis.Accelerometer.Row1.Left", "Accelerometer, front left", "m/s²", 0, 50, AlertType.Sensor),
        new(92, "Kappa.Chassis.Accelerometer.Row1.Right", "Accelerometer, front right", "m/s²", 0, 50, AlertType.Sensor),
        new(93, "Kappa.Chassis.Accelerometer.Row2.Left", "Accelerometer, rear left", "m/s²", 0, 50, AlertType.Sensor),
        new(94, "Kappa.Chassis.Accelerometer.Row2.Right", "Accelerometer, rear right", "m/s²", 0, 50, AlertType.Sensor),
        new(95, "Kappa.ControlUnit.FirmwareVersion", "Control unit firmware", "", 0, 1_000_000, AlertType.Sensor) { Scored = false },
    ];

    private static readonly FrozenDictionary<uint, Signal> ById = All.ToFrozenDictionary(s => s.Id);
    private static readonly FrozenDictionary<string, Signal> ByPath = All.ToFrozenDictionary(s => s.Path, StringComparer.OrdinalIgnoreCase);

    /// <summary>The signal of an id, or null.</summary>
    public static Signal? Find(uint id) => ById.GetValueOrDefault(id);

    /// <summary>The signal of a VSS path, or null.</summary>
    public static Signal? Find(string path) => ByPath.GetValueOrDefault(path);

    /// <summary>The signal of a VSS path that the caller knows to be in the catalogue.</summary>
    /// <exception cref="KeyNotFoundException">It is not.</exception>
    public static Signal Get(string path) =>
        Find(path) ?? throw new KeyNotFoundException($"There is no signal '{path}' in the catalogue.");
}
