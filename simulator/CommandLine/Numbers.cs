using System.Globalization;

namespace Kappa.Iot.Simulator.CommandLine;

/// <summary>Numbers as people type them, within limits.</summary>
internal static class Numbers
{
    /// <exception cref="FormatException">Not a whole number in the range.</exception>
    public static int Whole(string name, string text, int min, int max) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max
            ? number
            : throw new FormatException($"{name} is a whole number from {min} to {max}, not '{text}'.");

    /// <exception cref="FormatException">Not a number above 0 and up to <paramref name="max"/>.</exception>
    public static double Positive(string name, string text, double max) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number > 0 && number <= max
            ? number
            : throw new FormatException($"{name} is a number above 0 and up to {max}, not '{text}'.");
}
