namespace Kappa.Iot.AlertApi.Live;

/// <summary>How far a subscriber has come.</summary>
/// <param name="Server">Names the run of the server that the versions belong to; a restarted one counts anew.</param>
/// <param name="Alerts">Version of the alerts.</param>
/// <param name="Vehicles">Version of the vehicles.</param>
public sealed record FleetCursor(string Server, long Alerts, long Vehicles);
