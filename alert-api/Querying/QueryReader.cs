using Kappa.Iot.Contracts;

namespace Kappa.Iot.AlertApi.Querying;

/// <summary>Reads query values and collects what is wrong with them, all at once.</summary>
internal sealed class QueryReader
{
    public const string Advice = "The query has values that are not understood.";

    /// <summary>Null: all were fine.</summary>
    public Dictionary<string, string[]>? Errors { get; private set; }

    public void Wrong(string name, string message) => (Errors ??= [])[name] = [message];

    /// <summary>A member of an enumeration by name, whatever its case; its zero (unspecified) is none.</summary>
    public T? Choice<T>(string name, string? value) where T : struct, Enum
    {
        if (string.IsNullOrEmpty(value)) return null;
        var choices = Enum.GetNames<T>()[1..];
        if (choices.Contains(value, StringComparer.OrdinalIgnoreCase)) return Enum.Parse<T>(value, ignoreCase: true);
        Wrong(name, $"'{value}' is not one of {string.Join(", ", choices.Select(c => c.ToLowerInvariant()))}.");
        return null;
    }

    public int? Number(string name, string? value, int min, int max)
    {
        if (string.IsNullOrEmpty(value)) return null;
        if (int.TryParse(value, out var number) && number >= min && number <= max) return number;
        Wrong(name, $"'{value}' is not a whole number from {min} to {max}.");
        return null;
    }

    public bool? Flag(string name, string? value)
    {
        if (string.IsNullOrEmpty(value)) return null;
        if (bool.TryParse(value, out var flag)) return flag;
        Wrong(name, $"'{value}' is neither true nor false.");
        return null;
    }

    public string? Vehicle(string name, string? value)
    {
        if (string.IsNullOrEmpty(value)) return null;
        if (VehicleId.IsValid(value)) return value;
        Wrong(name, $"A vehicle id has 1 to {VehicleId.MaxLength} letters, digits, '-', '_' or '.'.");
        return null;
    }
}
