namespace Kappa.Iot.Demo;

/// <summary>What breaks once the fleet is live.</summary>
public enum DemoFaults
{
    Off,

    /// <summary>Something in one vehicle after the other.</summary>
    On,

    /// <summary>All vehicles with one firmware read their coolant's temperature wrongly.</summary>
    Firmware,
}
