using Kappa.Iot.Contracts;

namespace Kappa.Iot.AlertApi.Alerts;

/// <summary>Which alerts are asked for. Null takes all.</summary>
public sealed record AlertQuery
{
    public AlertStatus? Status { get; init; }

    public AlertType? Type { get; init; }

    /// <summary>This severity and worse.</summary>
    public Severity? AtLeast { get; init; }

    public string? Vin { get; init; }

    /// <summary>Those that are part of this alert of the fleet.</summary>
    public string? FleetAlertId { get; init; }

    /// <summary>Also those that are part of an alert of the fleet. A vehicle's own are asked for with all of them.</summary>
    public bool Grouped { get; init; }

    public int Limit { get; init; } = 100;

    /// <summary>The last alert of the page before.</summary>
    public AlertDocument? After { get; init; }

    internal bool Matches(AlertDocument alert) =>
        (Status is null || alert.Status == Status)
        && (Type is null || alert.Type == Type)
        && (AtLeast is null || alert.Severity >= AtLeast)
        && (Vin is null || alert.Vin == Vin)
        && (FleetAlertId is null || alert.FleetAlertId == FleetAlertId)
        && (alert.FleetAlertId is null || Grouped || Vin is not null || FleetAlertId is not null);

    internal bool IsAfter(AlertDocument alert) =>
        After is null || alert.RaisedAt < After.RaisedAt
        || (alert.RaisedAt == After.RaisedAt && string.CompareOrdinal(alert.Id, After.Id) < 0);
}
