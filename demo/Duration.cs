using System.CommandLine.Parsing;
using System.Globalization;

namespace Kappa.Iot.Demo;

/// <summary>Times as people type them: <c>90s</c>, <c>5m</c>, <c>1h</c>, <c>1d</c> or <c>hh:mm:ss</c>.</summary>
public static class Duration
{
    /// <summary>Reads an option's only word; an error of the command line where it is not a time.</summary>
    public static TimeSpan Parse(ArgumentResult argument)
    {
        var text = argument.Tokens.Single().Value;
        if (TryParse(text, out var duration) && duration > TimeSpan.Zero) return duration;
        argument.AddError($"'{text}' is not a time above zero: write 90s, 5m, 1h or hh:mm:ss.");
        return default;
    }

    public static bool TryParse(string text, out TimeSpan duration)
    {
        duration = default;
        if (text.Contains(':')) return TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out duration) && duration >= TimeSpan.Zero;
        var unit = text.Length == 0 ? 0 : text[^1] switch { 's' => 1d, 'm' => 60d, 'h' => 3600d, 'd' => 86400d, _ => 0 };
        if (unit == 0 || !double.TryParse(text[..^1], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)) return false;
        if (number * unit > TimeSpan.MaxValue.TotalSeconds / 2) return false;
        duration = TimeSpan.FromSeconds(number * unit);
        return true;
    }
}
