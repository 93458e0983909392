using System.Runtime.CompilerServices;

namespace Kappa.Iot.Simulator.Physics;

/// <summary>A small random generator (SplitMix64) whose whole state is one number, so that a vehicle's state carries it.</summary>
public static class Noise
{
    // Four uniform 16-bit values add up to something normal enough for a sensor: mean 131,070, standard deviation 37,837.
    private const double Mean = 4 * 32767.5, Deviation = 37836.9;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Next(ref ulong state)
    {
        state += 0x9E3779B97F4A7C15;
        return Mix(state);
    }

    /// <summary>A number that looks random but depends on nothing but its argument.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }

    /// <summary>In [0, 1).</summary>
    public static double Uniform(ref ulong state) => (Next(ref state) >> 11) * (1.0 / (1UL << 53));

    public static double Between(ref ulong state, double low, double high) => low + ((high - low) * Uniform(ref state));

    /// <summary>About normal, mean 0, standard deviation 1, never beyond ±3.5.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Normal(ref ulong state)
    {
        var bits = Next(ref state);
        var sum = (bits & 0xFFFF) + ((bits >> 16) & 0xFFFF) + ((bits >> 32) & 0xFFFF) + (bits >> 48);
        return (sum - Mean) / Deviation;
    }
}
