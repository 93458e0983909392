namespace Kappa.Iot.Contracts;

/// <summary>Vehicle identification numbers with the check digit of ISO 3779 / 49 CFR 565 in the ninth place.</summary>
public static class Vin
{
    public const int Length = 17;

    private static readonly int[] Weights = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];

    /// <summary>17 characters without I, O and Q, and the right check digit.</summary>
    public static bool IsValid(ReadOnlySpan<char> vin) =>
        vin.Length == Length && TryCheckDigit(vin, out var digit) && vin[8] == digit;

    /// <summary>Puts the right check digit into the ninth place.</summary>
    /// <exception cref="ArgumentException">Not 17 characters, or one that a VIN cannot have.</exception>
    public static string WithCheckDigit(ReadOnlySpan<char> vin)
    {
        if (vin.Length != Length || !TryCheckDigit(vin, out var digit))
            throw new ArgumentException($"'{vin}' is not 17 digits and capital letters without I, O and Q.", nameof(vin));
        return string.Concat(vin[..8], [digit], vin[9..]);
    }

    private static bool TryCheckDigit(ReadOnlySpan<char> vin, out char digit)
    {
        var sum = 0;
        digit = '0';
        for (var i = 0; i < Length; i++)
        {
            if (i == 8) continue;
            var value = Value(vin[i]);
            if (value < 0) return false;
            sum += value * Weights[i];
        }

        var remainder = sum % 11;
        digit = remainder == 10 ? 'X' : (char)('0' + remainder);
        return true;
    }

    /// <summary>The transliteration of the standard: A=1 … H=8, J=1 … R=9, S=2 … Z=9.</summary>
    private static int Value(char c) => c switch
    {
        >= '0' and <= '9' => c - '0',
        >= 'A' and <= 'H' => c - 'A' + 1,
        >= 'J' and <= 'N' => c - 'J' + 1,
        'P' => 7,
        'R' => 9,
        >= 'S' and <= 'Z' => c - 'S' + 2,
        _ => -1,
    };
}
