using Kappa.Iot.AlertApi.Vehicles;

namespace Kappa.Iot.AlertApi.Live;

/// <summary>What a subscriber of one vehicle gets: the last minutes first, then what comes.</summary>
/// <param name="Reset">True for the first one: forget what you had.</param>
/// <param name="State">Null: nothing was heard of this vehicle yet.</param>
/// <param name="History">Samples and scores to add.</param>
public sealed record VehicleUpdate(bool Reset, LiveVehicle? State, VehicleSignals History);
