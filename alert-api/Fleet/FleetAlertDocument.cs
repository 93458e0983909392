using System.ComponentModel;
using Kappa.Iot.Contracts;

namespace Kappa.Iot.AlertApi.Fleet;

/// <summary>Many vehicles that are odd, silent or unreadable for a common reason.</summary>
public sealed record FleetAlertDocument
{
    public required string Id { get; init; }

    [Description("What the vehicles have in common.")]
    public required FleetDimension Dimension { get; init; }

    [Description("The firmware's number, the profile's name, or latitude and longitude of the south-west corner of a field of five degrees.")]
    public required string Value { get; init; }

    public required FleetMeasure Measure { get; init; }

    public required AlertStatus Status { get; init; }

    [Description("Event time of the first minute that was off.")]
    public required DateTimeOffset RaisedAt { get; init; }

    [Description("Event time of the last minute that was off.")]
    public required DateTimeOffset LastSeenAt { get; init; }

    [Description("Event time at which it was over; null while it is active.")]
    public DateTimeOffset? ClearedAt { get; init; }

    [Description("Of the minute that was farthest off: mean score, batches a minute, or share of the batches that could not be scored.")]
    public required double Observed { get; init; }

    [Description("Mean of the half hour before.")]
    public required double Expected { get; init; }

    [Description("Batches of the minute that was farthest off.")]
    public required ulong Batches { get; init; }

    [Description("How many of these reach the alert threshold.")]
    public required ulong Odd { get; init; }

    [Description("Vehicles whose own alerts are part of it: GET /api/alerts?fleetAlert= its id.")]
    public int Vehicles { get; init; }

    [Description("How many of these alerts are open.")]
    public int OpenAlerts { get; init; }

    internal static FleetAlertDocument From(FleetAlert alert) => new()
    {
        Id = alert.AlertId,
        Dimension = alert.Dimension,
        Value = alert.Value,
        Measure = alert.Measure,
        Status = alert.Status,
        RaisedAt = DateTimeOffset.FromUnixTimeMilliseconds(alert.RaisedAtMs),
        LastSeenAt = DateTimeOffset.FromUnixTimeMilliseconds(alert.LastSeenMs),
        ClearedAt = alert.ClearedAtMs > 0 ? DateTimeOffset.FromUnixTimeMilliseconds(alert.ClearedAtMs) : null,
        Observed = alert.Observed,
        Expected = alert.Expected,
        Batches = alert.Batches,
        Odd = alert.Odd,
    };
}
