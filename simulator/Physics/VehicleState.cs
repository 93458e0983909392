using Kappa.Iot.Simulator.Faults;

namespace Kappa.Iot.Simulator.Physics;

#pragma warning disable CA1051 // A plain record of numbers that physics works on in place, by reference.
/// <summary>
/// Everything about a simulated vehicle that changes while it drives. Plain values only, so that the journal can keep it as bytes
/// and a restarted simulator drives on from exactly there.
/// </summary>
public struct VehicleState
{
    public ulong Random;

    /// <summary>Event time of the sample that comes next, Unix milliseconds.</summary>
    public long NextSampleMs;

    // Where it is on the road network: driving from one crossing to another, and where it will turn then.
    public int FromX, FromY, ToX, ToY, NextX, NextY;
    public double EdgePosition, EdgeLength, EdgeLimit, EndSpeed, StopRemaining;
    public double East, North, Heading, Altitude, OdometerKm;

    // Motion, in m/s and m/s².
    public double Speed, Acceleration, Traffic;

    // Temperatures, °C.
    public double Ambient, Coolant, Oil, Intake, Catalyst1, Catalyst2, Pack, Motor, MotorCoolant, Tyre, LeakyTyre;

    // Engine.
    public double Rpm, Load, Thermostat, Fan, FuelLitres, ShortTrim, LongTrim;

    // Traction battery.
    public double StateOfCharge;
    public int Charging;

    /// <summary>Air in each tyre, as the gauge pressure (kPa) it has at 20 °C.</summary>
    public double Air0, Air1, Air2, Air3;

    /// <summary>Coolant that is left, 0 to 1.</summary>
    public double CoolantLevel;

    // The newest fault. It is over once FaultUntilMs is reached; the step after that repairs it.
    public FaultKind Fault;
    public int FaultWheel, FaultRepaired;
    public long FaultFromMs, FaultUntilMs;
    public double FaultSeverity, FaultProgress;
    public int FaultsInjected;

    /// <summary>How far a fault has come, 0 (not there) to 1.</summary>
    public readonly double Strength(FaultKind kind) => Fault == kind ? FaultSeverity * FaultProgress : 0;
}
