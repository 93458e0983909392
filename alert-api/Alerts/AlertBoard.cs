using Kappa.Iot.AlertApi.Changes;
using Kappa.Iot.AlertApi.Fleet;
using Kappa.Iot.Contracts;

namespace Kappa.Iot.AlertApi.Alerts;

/// <summary>All open alerts, the newest of the cleared ones, and what people did with them: a fold of anomaly.alerts and alert.actions.</summary>
/// <param name="maxCleared">Cleared alerts kept.</param>
public sealed class AlertBoard(int maxCleared)
{
    /// <summary>More than anyone does with one alert; the oldest are no longer shown.</summary>
    private const int MaxActionsAnAlert = 50;

    private readonly Lock _gate = new();
    private readonly ChangeLog<string, AlertDocument> _alerts = new();
    private readonly Dictionary<string, string> _openByKey = new(StringComparer.Ordinal);
    private readonly Queue<string> _cleared = new();
    private IReadOnlyList<FleetSpan> _fleet = [];
    // Actions are kept apart: on the log they may be read before their alert.
    private readonly ChangeLog<string, IReadOnlyList<AlertActionDocument>> _actions = new(Math.Max(maxCleared, 10_000) * 2);

    /// <summary>Alerts by change, for pushing.</summary>
    public ChangeLog<string, AlertDocument> Alerts => _alerts;

    /// <summary>Takes a record of anomaly.alerts.</summary>
    /// <param name="key">VIN + "/" + type.</param>
    /// <param name="alert">Null for a tombstone: the episode is over.</param>
    public void Apply(string key, Alert? alert)
    {
        lock (_gate)
        {
            // A key has one open alert: a newer record of it under another id ends the older episode.
            if (_openByKey.TryGetValue(key, out var open) && open != alert?.AlertId) End(open, alert);
            if (alert is null)
            {
                _openByKey.Remove(key);
                return;
            }

            Put(AlertDocument.From(alert));
            if (alert.Status == AlertStatus.Active) _openByKey[key] = alert.AlertId;
            else _openByKey.Remove(key);
        }
    }

    /// <summary>Takes a record of alert.actions; one that was taken before has no effect.</summary>
    public void Apply(AlertAction action, long offset)
    {
        lock (_gate)
        {
            var added = _actions.Update(action.AlertId, (old, _) =>
                old is not null && old.Any(a => a.Offset == offset) ? old
                : [.. (old ?? []).Append(AlertActionDocument.From(action, offset)).OrderBy(a => a.Offset).TakeLast(MaxActionsAnAlert)]);
            if (added) _alerts.Update(action.AlertId, (old, version) => old?.With(ActionsOf(action.AlertId), version));
        }
    }

    /// <summary>Takes all of the fleet's own alerts, open and cleared: what vehicles raise that have such a thing in common becomes part of it, whichever of the two came first.</summary>
    public void Group(IEnumerable<FleetAlertDocument> fleet)
    {
        lock (_gate)
        {
            var spans = fleet.Select(FleetSpan.Of).OfType<FleetSpan>().OrderBy(span => span.From).ThenBy(span => span.Id, StringComparer.Ordinal).ToList();
            if (spans.SequenceEqual(_fleet)) return;
            _fleet = spans;
            foreach (var alert in _alerts.Since(0).Values)
            {
                if (FleetAlertOf(alert) is var id && id != alert.FleetAlertId) _alerts.Update(alert.Id, (old, version) => old is null ? null : old with { FleetAlertId = id, Version = version });
            }
        }
    }

    /// <summary>The fleet's alerts, with the vehicles' that are part of each.</summary>
    public IReadOnlyList<FleetAlertDocument> Count(IReadOnlyList<FleetAlertDocument> fleet)
    {
        if (fleet.Count == 0) return fleet;
        var parts = _alerts.Since(0).Values.Where(alert => alert.FleetAlertId is not null).ToLookup(alert => alert.FleetAlertId!, StringComparer.Ordinal);
        return
        [
            .. fleet.Select(alert => alert with
            {
                Vehicles = parts[alert.Id].DistinctBy(part => part.Vin, StringComparer.Ordinal).Count(),
                OpenAlerts = parts[alert.Id].Count(part => part.Status == AlertStatus.Active),
            }),
        ];
    }

    public AlertDocument? Find(string id) => _alerts.TryFind(id, out var alert) ? alert : null;

    /// <summary>Alerts that fit, the newest first.</summary>
    public IReadOnlyList<AlertDocument> List(AlertQuery query) =>
    [
        .. _alerts.Since(0).Values.Where(query.Matches)
            .OrderByDescending(a => a.RaisedAt).ThenByDescending(a => a.Id, StringComparer.Ordinal)
            .Where(query.IsAfter).Take(query.Limit),
    ];

    /// <summary>Open alerts by severity, but for those that are part of the fleet's.</summary>
    public IReadOnlyDictionary<Severity, int> OpenBySeverity()
    {
        lock (_gate)
        {
            return _openByKey.Values.Select(Find).OfType<AlertDocument>().Where(a => a.FleetAlertId is null).GroupBy(a => a.Severity).ToDictionary(g => g.Key, g => g.Count());
        }
    }

    /// <summary>Vehicles with at least one open alert.</summary>
    public int VehiclesWithOpenAlerts()
    {
        lock (_gate) return _openByKey.Values.Select(Find).OfType<AlertDocument>().Select(a => a.Vin).Distinct(StringComparer.Ordinal).Count();
    }

    private void End(string id, Alert? successor)
    {
        if (Find(id) is not { Status: AlertStatus.Active } open) return;
        Put(open with
        {
            Status = AlertStatus.Cleared,
            ClearedAt = successor is null ? open.LastSeenAt : DateTimeOffset.FromUnixTimeMilliseconds(successor.RaisedAtMs),
        });
    }

    private void Put(AlertDocument alert)
    {
        _alerts.Update(alert.Id, (_, version) => alert.With(ActionsOf(alert.Id), version) with { FleetAlertId = FleetAlertOf(alert) });
        if (alert.Status == AlertStatus.Active) return;
        _cleared.Enqueue(alert.Id);
        while (_cleared.Count > maxCleared && _cleared.TryDequeue(out var oldest))
        {
            if (Find(oldest) is { Status: not AlertStatus.Active }) _alerts.Forget(oldest);
        }
    }

    private string? FleetAlertOf(AlertDocument alert)
    {
        foreach (var span in _fleet)
        {
            if (span.Covers(alert)) return span.Id;
        }

        return null;
    }

    private IReadOnlyList<AlertActionDocument> ActionsOf(string id) => _actions.TryFind(id, out var actions) ? actions : [];
}
