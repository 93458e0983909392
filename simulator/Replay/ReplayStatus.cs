using System.Text.Json.Serialization;

namespace Kappa.Iot.Simulator.Replay;

/// <summary>A replay at one moment.</summary>
/// <param name="Phase">replay or draining.</param>
/// <param name="Progress">Share of the files that has been read, 0 to 1.</param>
public sealed record ReplayStatus(
    string Phase, double Progress, int Files, int FilesDone, int Vehicles, int Connected, long Published, long Acknowledged, long Unacknowledged, long Refused, long Resent)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Trouble { get; init; }
}
