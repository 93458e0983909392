using System.Text.Json.Serialization;

namespace Kappa.Iot.Simulator.Fleet;

/// <summary>A fleet at one moment. Times are event times, Unix milliseconds.</summary>
/// <param name="Phase">connecting, history, live or draining.</param>
/// <param name="EventTime">Up to which every vehicle has driven.</param>
public sealed record FleetStatus(
    string Phase, long EventTime, int Vehicles, int Connected, long Published, long Acknowledged, long Unacknowledged, long Refused, long Resent,
    int FaultsInjected, int FaultsActive)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Trouble { get; init; }

    /// <summary>Event time at which the fleet began, for progress.</summary>
    [JsonIgnore]
    public long StartMs { get; init; }
}
