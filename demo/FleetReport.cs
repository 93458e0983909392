using System.Text.Json;
using System.Text.Json.Serialization;

namespace Kappa.Iot.Demo;

/// <summary>A status line of the simulator.</summary>
public sealed record FleetReport
{
    public string? Phase { get; init; }

    public long Vehicles { get; init; }

    public long Connected { get; init; }

    public long Published { get; init; }

    public long Acknowledged { get; init; }

    public long FaultsInjected { get; init; }

    public long FaultsActive { get; init; }

    /// <summary>Set on the last line of a run that ended in order.</summary>
    public bool Final { get; init; }

    /// <returns>Null for a line that is not a report.</returns>
    public static FleetReport? Parse(string line)
    {
        if (!line.StartsWith('{')) return null;
        try
        {
            return JsonSerializer.Deserialize(line, FleetReportJson.Default.FleetReport);
        }
        catch (JsonException)
        {
            return null; // cut off by a kill; the next line is whole again
        }
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(FleetReport))]
internal sealed partial class FleetReportJson : JsonSerializerContext;
