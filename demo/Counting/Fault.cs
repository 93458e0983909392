using System.Text.Json;
using System.Text.Json.Serialization;

namespace Kappa.Iot.Demo.Counting;

/// <summary>A fault that the simulator injected, as its truth file has it.</summary>
public sealed record Fault
{
    [JsonPropertyName("vin")] public required string Vin { get; init; }

    [JsonPropertyName("fault")] public required string Kind { get; init; }

    [JsonPropertyName("from_ms")] public required long FromMs { get; init; }

    /// <summary>When it was repaired; null while it lasts.</summary>
    [JsonPropertyName("to_ms")] public long? ToMs { get; init; }

    /// <summary>Reads a truth file: a line a change, the last line of a fault (vehicle, kind, begin) is how it ended.</summary>
    public static IReadOnlyList<Fault> Read(string file)
    {
        if (!File.Exists(file)) return [];
        var faults = new Dictionary<(string, string, long), Fault>();
        using var reader = new StreamReader(new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
        while (reader.ReadLine() is { } line)
        {
            if (!line.EndsWith('}')) continue; // half a line: the simulator was killed while it wrote
            var fault = JsonSerializer.Deserialize<Fault>(line)!;
            faults[(fault.Vin, fault.Kind, fault.FromMs)] = fault;
        }

        return [.. faults.Values];
    }
}
