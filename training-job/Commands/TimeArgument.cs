using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace Kappa.Iot.TrainingJob.Commands;

/// <summary>Points in time as people type them: ISO 8601, or before now, such as <c>-2h</c>, <c>-90m</c>, <c>-30s</c>, <c>-7d</c>, or <c>now</c>.</summary>
public static class TimeArgument
{
    /// <exception cref="FormatException">It is none of these.</exception>
    public static DateTimeOffset Parse(string text, DateTimeOffset now)
    {
        if (text == "now") return now;
        if (text.StartsWith('-') && double.TryParse(text.AsSpan(1, Math.Max(0, text.Length - 2)), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
        {
            double? seconds = text[^1] switch { 's' => 1, 'm' => 60, 'h' => 3600, 'd' => 86400, _ => null };
            if (number * seconds is { } back and < 1e11) return now - TimeSpan.FromSeconds(back);
        }
        else if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time))
        {
            return time;
        }
        throw new FormatException($"'{text}' is no time. Write ISO 8601 (2026-01-31T12:00:00Z), a time before now (-2h, -90m, -30s, -7d) or now.");
    }

    /// <summary>An option whose value is such a time.</summary>
    public static Option<DateTimeOffset?> Option(string name, string description, TimeProvider time) => new(name)
    {
        Description = description,
        HelpName = "T",
        CustomParser = result => Parse(result, time),
    };

    private static DateTimeOffset? Parse(ArgumentResult result, TimeProvider time)
    {
        try
        {
            return Parse(result.Tokens.Single().Value, time.GetUtcNow());
        }
        catch (FormatException e)
        {
            result.AddError(e.Message);
            return null;
        }
    }
}
