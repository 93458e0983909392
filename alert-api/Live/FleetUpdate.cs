using Kappa.Iot.AlertApi.Alerts;
using Kappa.Iot.AlertApi.Fleet;
using Kappa.Iot.AlertApi.Vehicles;

namespace Kappa.Iot.AlertApi.Live;

/// <summary>What a subscriber of the fleet gets: everything first, then what changed.</summary>
public sealed record FleetUpdate
{
    /// <summary>True for the first one, unless the subscriber could go on from where it was: forget what you had.</summary>
    public bool Reset { get; init; }

    /// <summary>Give this when you subscribe again, and you miss nothing.</summary>
    public required FleetCursor Cursor { get; init; }

    /// <summary>Alerts that were raised, changed, acknowledged or cleared.</summary>
    public IReadOnlyList<AlertDocument>? Alerts { get; init; }

    public IReadOnlyList<LiveVehicle>? Vehicles { get; init; }

    public FleetFigures? Figures { get; init; }
}
