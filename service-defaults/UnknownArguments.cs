namespace Kappa.Iot.ServiceDefaults;

/// <summary>Finds on a command line what nothing reads. A misspelt setting would have no effect, and nobody would be told.</summary>
internal static class UnknownArguments
{
    /// <summary>Read by the host, ASP.NET and OpenTelemetry; those that end so are the beginning of a name.</summary>
    private static readonly string[] OfLibraries = ["Urls", "http_ports", "https_ports", "Environment", "AllowedHosts", "Logging:", "Kestrel:", "OTEL_", "KAPPA_"];

    /// <returns>What is wrong with each such argument; nothing where all are settings.</returns>
    public static IEnumerable<string> In(IReadOnlyList<string> arguments, IEnumerable<SettingsSection> sections)
    {
        var settings = sections.SelectMany(section => section.Settings).ToList();
        for (var i = 0; i < arguments.Count; i++)
        {
            // The host takes --Name value, --Name=value, /Name value, /Name=value and Name=value.
            var argument = arguments[i];
            var dashes = argument.StartsWith("--", StringComparison.Ordinal) ? 2 : argument.StartsWith('/') ? 1 : 0;
            var equals = argument.IndexOf('=');
            var name = equals < 0 ? argument[dashes..] : argument[dashes..Math.Max(dashes, equals)];
            if (dashes == 0 && equals < 0)
                yield return $"'{argument}' is no setting: write --Name value.";
            else if (!IsKnown(name, settings))
                yield return $"--{name} is no setting of this service{(Nearest(name, settings) is { } nearest ? $": did you mean --{nearest}?" : ".")}";
            else if (equals < 0 && (i + 1 == arguments.Count || arguments[i + 1].StartsWith("--", StringComparison.Ordinal)))
                yield return $"--{name} has no value.";
            if (dashes > 0 && equals < 0 && i + 1 < arguments.Count && !arguments[i + 1].StartsWith("--", StringComparison.Ordinal)) i++;
        }
    }

    private static bool IsKnown(string name, List<Setting> settings) =>
        settings.Exists(setting => setting.IsList
            ? name.StartsWith(setting.Name + ":", StringComparison.OrdinalIgnoreCase)
            : name.Equals(setting.Name, StringComparison.OrdinalIgnoreCase))
        || OfLibraries.Any(known => known[^1] is ':' or '_'
            ? name.StartsWith(known, StringComparison.OrdinalIgnoreCase)
            : name.Equals(known, StringComparison.OrdinalIgnoreCase));

    /// <summary>The setting that differs in the fewest letters, where these are few.</summary>
    private static string? Nearest(string name, List<Setting> settings)
    {
        var (nearest, distance) = settings.Select(setting => setting.IsList ? setting.Name + ":0" : setting.Name)
            .Concat(OfLibraries.Where(known => known[^1] is not (':' or '_')))
            .Select(known => (known, Distance(name, known)))
            .MinBy(candidate => candidate.Item2);
        return distance <= Math.Max(2, name.Length / 3) ? nearest : null;
    }

    /// <summary>How many letters must be put in, left out or replaced to make one word of the other.</summary>
    private static int Distance(string one, string other)
    {
        var row = Enumerable.Range(0, other.Length + 1).ToArray();
        for (var i = 1; i <= one.Length; i++)
        {
            var diagonal = row[0]++;
            for (var j = 1; j <= other.Length; j++)
            {
                var replaced = diagonal + (char.ToUpperInvariant(one[i - 1]) == char.ToUpperInvariant(other[j - 1]) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[^1];
    }
}
