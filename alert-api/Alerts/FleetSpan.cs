using Kappa.Iot.AlertApi.Fleet;
using Kappa.Iot.Contracts;

namespace Kappa.Iot.AlertApi.Alerts;

/// <summary>When a group of vehicles was odd together: the alerts that they raise meanwhile are part of the fleet's alert, not news of their own.</summary>
internal readonly record struct FleetSpan(string Id, FleetDimension Dimension, string Value, DateTimeOffset From, DateTimeOffset? To)
{
    /// <summary>The first vehicles are odd before their group's mean is, which is looked at by the minute.</summary>
    private static readonly TimeSpan Lead = TimeSpan.FromMinutes(2);

    /// <summary>Null where the fleet's alert is not about odd vehicles, but about silent or unreadable ones.</summary>
    public static FleetSpan? Of(FleetAlertDocument alert) => alert.Measure == FleetMeasure.MeanScore
        ? new(alert.Id, alert.Dimension, alert.Value, alert.RaisedAt - Lead, alert.ClearedAt)
        : null;

    public bool Covers(AlertDocument alert) => alert.RaisedAt >= From && (To is null || alert.RaisedAt < To) && Value == Dimension switch
    {
        FleetDimension.Firmware => alert.Firmware,
        FleetDimension.Profile => alert.Profile,
        FleetDimension.Region => alert.Region,
        _ => null,
    };
}
