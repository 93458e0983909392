using System.Buffers;

namespace Kappa.Iot.Contracts;

/// <summary>What may name a vehicle: a VIN, or another id that is safe in an MQTT topic and as a Kafka key.</summary>
public static class VehicleId
{
    public const int MaxLength = 64;

    private static readonly SearchValues<char> Allowed =
        SearchValues.Create("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_.");

    /// <summary>1 to 64 ASCII letters, digits, <c>-</c>, <c>_</c> or <c>.</c></summary>
    public static bool IsValid(ReadOnlySpan<char> id) => id.Length is > 0 and <= MaxLength && !id.ContainsAnyExcept(Allowed);
}
