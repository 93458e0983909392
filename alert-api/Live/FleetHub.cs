using Kappa.Iot.Contracts;
using Microsoft.AspNetCore.SignalR;

namespace Kappa.Iot.AlertApi.Live;

/// <summary>
/// The SignalR hub at <c>/hubs/fleet</c>. Both methods are streams: the state comes first, then every change, in order, until the client
/// ends the stream. A client whose connection broke subscribes again, with the last cursor it got, and misses nothing.
/// </summary>
public sealed class FleetHub(FleetFeed fleet, VehicleFeed vehicle) : Hub
{
    /// <summary>Alerts, positions and figures of the whole fleet.</summary>
    /// <param name="since">The last update's cursor, or null for everything.</param>
    public IAsyncEnumerable<FleetUpdate> Fleet(FleetCursor? since, CancellationToken cancel) => fleet.ReadAsync(since, cancel);

    /// <summary>Signals and scores of one vehicle; one that was never heard of is waited for.</summary>
    /// <exception cref="HubException">The id is not a vehicle id.</exception>
    public IAsyncEnumerable<VehicleUpdate> Vehicle(string vin, CancellationToken cancel) => VehicleId.IsValid(vin)
        ? vehicle.ReadAsync(vin, cancel)
        : throw new HubException($"'{vin}' is not a vehicle id: 1 to {VehicleId.MaxLength} letters, digits, '-', '_' or '.'.");
}
