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
}
