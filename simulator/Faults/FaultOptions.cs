using System.Globalization;
using Kappa.Iot.Simulator.Physics;
using Kappa.Iot.Terminal;

namespace Kappa.Iot.Simulator.Faults;

/// <summary>When faults begin by themselves.</summary>
public sealed record FaultOptions
{
    /// <summary>Time between two faults of the fleet.</summary>
    public TimeSpan Every { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Fixed severity in (0, 1], or null: random, from 0.6 on.</summary>
    public double? Severity { get; init; }

    /// <summary>How long a fault lasts until the vehicle is repaired.</summary>
    public TimeSpan Repair { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The kinds that may happen.</summary>
    public IReadOnlyList<FaultKind> Kinds { get; init; } = FaultNames.Quick;

    /// <summary>Instead of a random vehicle, all that run this firmware break at once, as after a bad update; null: one at a time.</summary>
    public int? Firmware { get; init; }

    /// <summary>Nothing breaks before somebody says <c>faults on</c>.</summary>
    public bool Wait { get; init; }

    /// <summary>Reads <c>every=20s,severity=0.8,repair=5m,kinds=tyre-leak+coolant-leak,firmware=2001,wait</c>, or <c>off</c>.</summary>
    /// <returns>Null for <c>off</c>.</returns>
    /// <exception cref="FormatException">Says which part is wrong.</exception>
    public static FaultOptions? Parse(string text)
    {
        if (text.Equals("off", StringComparison.OrdinalIgnoreCase)) return null;
        var options = new FaultOptions();
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var (name, value) = part.Split('=', 2) is [var n, var v] ? (n, v) : (part, "");
            options = name switch
            {
                "every" => options with { Every = Durations.Parse(value) },
                "repair" => options with { Repair = Durations.Parse(value) },
                "severity" => options with { Severity = ParseSeverity(value) },
                "kinds" => options with { Kinds = value == "all" ? FaultNames.All : [.. value.Split('+').Select(ParseKind)] },
                "firmware" => options with { Firmware = ParseFirmware(value) },
                "wait" when value.Length == 0 => options with { Wait = true },
                _ => throw new FormatException($"'{part}' is no setting of --faults; use every=20s, severity=0.8, repair=5m, kinds=tyre-leak+coolant-leak or kinds=all, firmware=2001, wait, or off."),
            };
        }

        if (options.Every <= TimeSpan.Zero || options.Repair <= TimeSpan.Zero) throw new FormatException("every and repair of --faults must be longer than 0.");
        return options;
    }

    private static int ParseFirmware(string value) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var firmware) && CarParameters.Firmwares.Contains(firmware)
            ? firmware
            : throw new FormatException($"firmware of --faults is {string.Join(", ", CarParameters.Firmwares.SkipLast(1))} or {CarParameters.Firmwares[^1]}, not '{value}'.");

    private static double ParseSeverity(string value) =>
        double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var severity) && severity is > 0 and <= 1
            ? severity
            : throw new FormatException($"severity of --faults is a number above 0 and up to 1, not '{value}'.");

    private static FaultKind ParseKind(string name) =>
        FaultNames.TryParse(name, out var kind) ? kind : throw new FormatException($"There is no fault '{name}'; there are {string.Join(", ", FaultNames.All.Select(FaultNames.Of))}.");
}
