using Kappa.Iot.Contracts;

namespace Kappa.Iot.AlertApi.Fleet;

/// <summary>The fleet's own alerts: a fold of fleet.alerts.</summary>
/// <param name="maxCleared">Cleared alerts kept.</param>
public sealed class FleetAlertBoard(int maxCleared)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, FleetAlertDocument> _alerts = new(StringComparer.Ordinal);

    /// <summary>Takes a record of fleet.alerts.</summary>
    /// <param name="id">The alert's.</param>
    /// <param name="alert">Null for a tombstone.</param>
    public void Apply(string id, FleetAlert? alert)
    {
        lock (_gate)
        {
            if (alert is null) _alerts.Remove(id);
            else _alerts[id] = FleetAlertDocument.From(alert);
            var cleared = _alerts.Values.Where(a => a.Status != AlertStatus.Active).ToList();
            if (cleared.Count > maxCleared) _alerts.Remove(cleared.MinBy(a => a.RaisedAt)!.Id);
        }
    }

    /// <summary>Those that are open.</summary>
    public IReadOnlyList<FleetAlertDocument> Open() => [.. List().Where(alert => alert.Status == AlertStatus.Active)];

    /// <summary>All, the newest first.</summary>
    public IReadOnlyList<FleetAlertDocument> List()
    {
        lock (_gate) return [.. _alerts.Values.OrderByDescending(alert => alert.RaisedAt).ThenBy(alert => alert.Id, StringComparer.Ordinal)];
    }
}
