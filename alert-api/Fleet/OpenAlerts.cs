namespace Kappa.Iot.AlertApi.Fleet;

/// <summary>Open alerts by severity.</summary>
public sealed record OpenAlerts(int Critical, int Major, int Minor, int Warning);
