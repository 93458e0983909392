namespace Kappa.Iot.Detection.Training;

/// <summary>Numbers that are the same in every process and on every machine.</summary>
internal static class StableHash
{
    /// <summary>A hash of a vehicle's id (FNV-1a, then mixed).</summary>
    public static ulong Of(string text)
    {
        var hash = 14695981039346656037UL;
        foreach (var c in text) hash = (hash ^ c) * 1099511628211UL;
        return Mix(hash);
    }

    /// <summary>Spreads a number over all 64 bits (the finish of SplitMix64).</summary>
    public static ulong Mix(ulong x)
    {
        x += 0x9E3779B97F4A7C15UL;
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9UL;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EBUL;
        return x ^ (x >> 31);
    }
}
