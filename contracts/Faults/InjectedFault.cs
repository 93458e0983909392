using System.Text.Json;
using System.Text.Json.Serialization;

namespace Kappa.Iot.Contracts;

/// <summary>A fault that the simulator injected: a line of its truth file.</summary>
/// <param name="Vin">The vehicle.</param>
/// <param name="Kind">What kind of fault, as on the simulator's command line.</param>
/// <param name="FromMs">Event time of the first sample with the fault, Unix milliseconds.</param>
/// <param name="ToMs">Event time at which it was repaired; null while it lasts.</param>
/// <param name="Severity">0 to 1.</param>
public sealed record InjectedFault(
    [property: JsonPropertyName("vin")] string Vin,
    [property: JsonPropertyName("fault")] string Kind,
    [property: JsonPropertyName("from_ms")] long FromMs,
    [property: JsonPropertyName("to_ms")] long? ToMs,
    [property: JsonPropertyName("severity")] double Severity)
{
    /// <summary>Reads a line.</summary>
    /// <exception cref="JsonException">It is none.</exception>
    public static InjectedFault Parse(string line) => JsonSerializer.Deserialize<InjectedFault>(line) is { Vin: not null, Kind: not null } fault
        ? fault
        : throw new JsonException("it lacks vin or fault");

    /// <summary>Reads a truth file, also while it is written: a line a change, the last one of a fault (vehicle, kind, begin) is how it ended.</summary>
    /// <exception cref="InvalidDataException">A line is not of a truth file.</exception>
    public static IReadOnlyList<InjectedFault> ReadAll(string file)
    {
        var faults = new Dictionary<(string, string, long), InjectedFault>();
        using var reader = new StreamReader(new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
        for (var number = 1; reader.ReadLine() is { } line; number++)
        {
            if (!line.EndsWith('}') && reader.EndOfStream) break; // half a line: the simulator was killed while it wrote
            try
            {
                var fault = Parse(line);
                faults[(fault.Vin, fault.Kind, fault.FromMs)] = fault;
            }
            catch (JsonException e)
            {
                throw new InvalidDataException($"{file}, line {number}: not a line of a truth file ({e.Message}).", e);
            }
        }
        return [.. faults.Values];
    }
}
