namespace Kappa.Iot.Simulator.Faults;

/// <summary>What can break in a simulated vehicle.</summary>
public enum FaultKind
{
    None,

    /// <summary>The cooling circuit loses its coolant: engine (or motor) and oil get hot.</summary>
    CoolantLeak,

    /// <summary>A cell of the traction battery (electric) or of the 12 V battery (combustion) loses capacity and gains resistance.</summary>
    BatteryCellDecay,

    /// <summary>One tyre loses air.</summary>
    TyreLeak,

    /// <summary>One brake does not let go: the vehicle needs more force, and the wheel gets hot.</summary>
    BrakeDrag,

    /// <summary>The alternator (combustion) or the converter (electric) no longer charges the 12 V battery, which runs down.</summary>
    ChargingFailure,

    /// <summary>The coolant's sensor shows less and less than there is.</summary>
    TemperatureSensorDrift,

    /// <summary>Combustion: the engine draws air past its sensor, most where the throttle is nearly shut.</summary>
    VacuumLeak,

    /// <summary>Combustion: the air mass sensor shows less than flows.</summary>
    AirMassSensorDrift,

    /// <summary>Combustion: the thermostat stays open, and the engine does not keep its warmth.</summary>
    StuckThermostat,

    /// <summary>Combustion: a cylinder fires now and then only; the catalyst burns what it leaves.</summary>
    Misfire,

    /// <summary>Combustion: too little fuel where much is needed.</summary>
    WeakFuelPump,

    /// <summary>Electric: a bearing of the motor runs dry, takes torque and gives heat.</summary>
    MotorBearing,
}
