using System.Globalization;

namespace Kappa.Iot.Terminal;

/// <summary>Lengths of time as people type them: <c>250ms</c>, <c>90s</c>, <c>1.5m</c>, <c>2h</c>, <c>1d</c>, or <c>hh:mm:ss</c>.</summary>
public static class Durations
{
    /// <exception cref="FormatException">It is none of these.</exception>
    public static TimeSpan Parse(string text)
    {
        var digits = text.AsSpan().TrimEnd("abcdefghijklmnopqrstuvwxyz");
        double? unit = text.AsSpan(digits.Length) switch
        {
            "ms" => 0.001,
            "s" => 1,
            "m" or "min" => 60,
            "h" => 3600,
            "d" => 86400,
            _ => null,
        };
        if (unit is { } seconds && double.TryParse(digits, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number * seconds is >= 0 and < 1e9)
            return TimeSpan.FromSeconds(number * seconds);
        if (text.Contains(':') && TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var clock) && clock >= TimeSpan.Zero) return clock;
        throw new FormatException($"'{text}' is no length of time; write 250ms, 90s, 1.5m, 2h, 1d or 00:01:30.");
    }
}
