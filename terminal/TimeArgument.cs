using System.CommandLine;
using System.Globalization;

namespace Kappa.Iot.Terminal;

/// <summary>Points in time as people type them: ISO 8601, or before now, such as <c>-2h</c>, <c>-90m</c>, <c>-30s</c>, <c>-7d</c>, or <c>now</c>.</summary>
public static class TimeArgument
{
    /// <exception cref="FormatException">It is none of these.</exception>
    public static DateTimeOffset Parse(string text, DateTimeOffset now) => TryParse(text, now, out var time)
        ? time
        : throw new FormatException($"'{text}' is no time. Write ISO 8601 (2026-01-31T12:00:00Z), a time before now (-2h, -90m, -30s, -7d) or now.");

    /// <returns>False where it is none of these.</returns>
    public static bool TryParse(string text, DateTimeOffset now, out DateTimeOffset time)
    {
        time = now;
        if (text == "now") return true;
        if (text.StartsWith('-') && double.TryParse(text.AsSpan(1, Math.Max(0, text.Length - 2)), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
        {
            double? seconds = text[^1] switch { 's' => 1, 'm' => 60, 'h' => 3600, 'd' => 86400, _ => null };
            if (number * seconds is not { } back || back >= 1e11) return false;
            time = now - TimeSpan.FromSeconds(back);
            return true;
        }
        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out time);
    }

    /// <summary>An option whose value is such a time; it is checked when the line is read.</summary>
    public static Option<string?> Option(string name, string description, TimeProvider time)
    {
        var option = new Option<string?>(name) { Description = description, HelpName = "T" };
        option.Validators.Add(result =>
        {
            try
            {
                if (result.Tokens.Count == 1) Parse(result.Tokens[0].Value, time.GetUtcNow());
            }
            catch (FormatException e)
            {
                result.AddError(e.Message);
            }
        });
        return option;
    }
}
