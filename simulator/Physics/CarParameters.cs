namespace Kappa.Iot.Simulator.Physics;

/// <summary>How one vehicle differs from the next: derived from its seed, the same in every run.</summary>
/// <param name="Mass">kg, with its load.</param>
/// <param name="DragArea">Drag coefficient x frontal area, m².</param>
/// <param name="RollingResistance">Coefficient.</param>
/// <param name="Temper">How hard its driver accelerates and brakes; 1 is usual.</param>
/// <param name="Ambient">Outside temperature, °C.</param>
/// <param name="Displacement">m³ (combustion).</param>
/// <param name="MaxTorque">Nm of the engine, or of the motor.</param>
/// <param name="IdleRpm">Of a warm engine.</param>
/// <param name="ThermostatOpens">°C.</param>
/// <param name="FuelTrim">Where the long-term fuel trim settles, %.</param>
/// <param name="Alternator">Charging voltage, V.</param>
/// <param name="TyrePressure">Cold (20 °C), kPa.</param>
/// <param name="PackCapacityAh">Of the traction battery.</param>
/// <param name="PackResistance">Ohm at 25 °C.</param>
/// <param name="CellSpread">Difference of the weakest cell to the mean, V.</param>
/// <param name="TemperatureBias">Of the temperature sensors, K.</param>
/// <param name="Firmware">Of the control unit: one of <see cref="Firmwares"/>.</param>
public sealed record CarParameters(
    double Mass, double DragArea, double RollingResistance, double Temper, double Ambient, double Displacement, double MaxTorque,
    double IdleRpm, double ThermostatOpens, double FuelTrim, double Alternator, double TyrePressure, double PackCapacityAh,
    double PackResistance, double CellSpread, double TemperatureBias, int Firmware)
{
    /// <summary>What is on the road.</summary>
    public static IReadOnlyList<int> Firmwares { get; } = [1407, 2000, 2001];

    public static CarParameters Combustion(City city, ref ulong random) => Draw(city, 1380, 0.62, 205, ref random);

    public static CarParameters Electric(City city, ref ulong random) => Draw(city, 1850, 0.58, 310, ref random);

    private static CarParameters Draw(City city, double mass, double dragArea, double torque, ref ulong random) => new(
        Mass: mass * Spread(0.10, ref random),
        DragArea: dragArea * Spread(0.06, ref random),
        RollingResistance: 0.0105 * Spread(0.08, ref random),
        Temper: Spread(0.2, ref random),
        Ambient: city.Ambient + Noise.Between(ref random, -2, 2),
        Displacement: 0.0016 * Spread(0.05, ref random),
        MaxTorque: torque * Spread(0.05, ref random),
        IdleRpm: 760 * Spread(0.03, ref random),
        ThermostatOpens: 86 + Noise.Between(ref random, -1, 1),
        FuelTrim: Noise.Between(ref random, -3, 3),
        Alternator: 14.15 + Noise.Between(ref random, -0.1, 0.1),
        TyrePressure: 238 + Noise.Between(ref random, -6, 6),
        PackCapacityAh: 165 * Spread(0.04, ref random),
        PackResistance: 0.085 * Spread(0.06, ref random),
        CellSpread: 0.010 + Noise.Between(ref random, -0.003, 0.003),
        TemperatureBias: Noise.Between(ref random, -0.8, 0.8),
        Firmware: Firmwares[(int)(Noise.Mix(random) % (ulong)Firmwares.Count)]);

    private static double Spread(double share, ref ulong random) => 1 + Noise.Between(ref random, -share, share);
}
