using Kappa.Iot.Simulator.Faults;

namespace Kappa.Iot.Simulator.Physics;

/// <summary>Air in four tyres: an amount that only a leak changes, and a pressure that follows the temperature.</summary>
internal static class Tyres
{
    private const double Atmosphere = 101.3, Reference = 293.15;

    /// <summary>Gauge pressure, kPa.</summary>
    public static float Pressure(double air, double temperature) =>
        (float)(((air + Atmosphere) * (temperature + 273.15) / Reference) - Atmosphere);

    /// <summary>Share of the air that the four tyres have lost altogether.</summary>
    public static double Missing(in VehicleState s, double full) =>
        Math.Max(0, 1 - ((s.Air0 + s.Air1 + s.Air2 + s.Air3) / (4 * full)));

    public static void Step(ref VehicleState s, FaultKind fault, double dt)
    {
        var warm = s.Ambient + (0.75 * s.Speed);
        s.Tyre += (warm - s.Tyre) * dt / 500;
        var leaking = fault == FaultKind.TyreLeak;
        // A soft tyre flexes, and gets hot; so does one beside a brake that does not let go.
        s.LeakyTyre += (warm + (leaking ? s.FaultProgress * s.Speed : 2 * s.Strength(FaultKind.BrakeDrag) * s.Speed) - s.LeakyTyre) * dt / 500;
        if (!leaking) return;

        ref var air = ref s.Air0;
        if (s.FaultWheel == 1) air = ref s.Air1;
        else if (s.FaultWheel == 2) air = ref s.Air2;
        else if (s.FaultWheel == 3) air = ref s.Air3;
        // Up to 1.5 kPa a second at first, less as the pressure falls.
        air = Math.Max(20, air - (1.5 * s.FaultSeverity * (air / 240) * dt));
    }
}
