using System.Collections.Frozen;

namespace Kappa.Iot.Contracts;

/// <summary>The column names of the article's car sensor data (its Avro schema <c>cardata-v1</c>), and what each is in the catalogue.</summary>
internal static class ArticleColumns
{
    private const double KilopascalPerPsi = 6.894757, KmhPerMs = 3.6, Percent = 100;

    private static readonly FrozenDictionary<string, (Signal Signal, double Factor)> Columns = new (string Column, string Path, double Factor)[]
    {
        ("coolant_temp", "Vehicle.OBD.CoolantTemperature", 1),
        ("intake_air_temp", "Vehicle.OBD.IntakeTemp", 1),
        ("intake_air_flow_speed", "Vehicle.OBD.MAF", 1),
        ("battery_percentage", "Vehicle.Powertrain.TractionBattery.StateOfCharge.Current", Percent),
        // Its documentation says mV, but the values (204 to 260) are a pack's volts.
        ("battery_voltage", "Vehicle.Powertrain.TractionBattery.CurrentVoltage", 1),
        ("current_draw", "Vehicle.Powertrain.TractionBattery.CurrentCurrent", 1),
        ("speed", "Vehicle.Speed", KmhPerMs),
        ("engine_vibration_amplitude", "Kappa.Powertrain.VibrationAmplitude", 1),
        ("throttle_pos", "Vehicle.OBD.ThrottlePosition", Percent),
        ("tire_pressure_1_1", "Vehicle.Chassis.Axle.Row1.Wheel.Left.Tire.Pressure", KilopascalPerPsi),
        ("tire_pressure_1_2", "Vehicle.Chassis.Axle.Row1.Wheel.Right.Tire.Pressure", KilopascalPerPsi),
        ("tire_pressure_2_1", "Vehicle.Chassis.Axle.Row2.Wheel.Left.Tire.Pressure", KilopascalPerPsi),
        ("tire_pressure_2_2", "Vehicle.Chassis.Axle.Row2.Wheel.Right.Tire.Pressure", KilopascalPerPsi),
        ("accelerometer_1_1_value", "Kappa.Chassis.Accelerometer.Row1.Left", 1),
        ("accelerometer_1_2_value", "Kappa.Chassis.Accelerometer.Row1.Right", 1),
        ("accelerometer_2_1_value", "Kappa.Chassis.Accelerometer.Row2.Left", 1),
        ("accelerometer_2_2_value", "Kappa.Chassis.Accelerometer.Row2.Right", 1),
        ("control_unit_firmware", "Kappa.ControlUnit.FirmwareVersion", 1),
    }.ToFrozenDictionary(c => c.Column, c => (SignalCatalogue.Get(c.Path), c.Factor), StringComparer.OrdinalIgnoreCase);

    /// <summary>The signal of a column and the factor that turns its values into the catalogue's unit.</summary>
    public static bool TryGet(string column, out Signal signal, out double factor)
    {
        var found = Columns.TryGetValue(column, out var entry);
        (signal, factor) = entry;
        return found;
    }
}
