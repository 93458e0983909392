using System.ComponentModel;
using Kappa.Iot.Contracts;

namespace Kappa.Iot.AlertApi.Alerts;

/// <summary>An episode of odd behaviour of one vehicle, as it stands.</summary>
public sealed record AlertDocument
{
    public required string Id { get; init; }

    public required string Vin { get; init; }

    public required string Profile { get; init; }

    public required AlertType Type { get; init; }

    public required AlertStatus Status { get; init; }

    public required Severity Severity { get; init; }

    [Description("Event time at which it began.")]
    public required DateTimeOffset RaisedAt { get; init; }

    [Description("Event time of the last odd batch.")]
    public required DateTimeOffset LastSeenAt { get; init; }

    [Description("Event time at which it ended; null while it is active.")]
    public DateTimeOffset? ClearedAt { get; init; }

    [Description("Highest score of the episode, 0 to 1; 0.5 raises an alert.")]
    public required float Score { get; init; }

    [Description("Which signals made it, largest share first.")]
    public required IReadOnlyList<SignalShare> Contributions { get; init; }

    public required string ModelId { get; init; }

    [Description("The telemetry that it came from.")]
    public required AlertSource Telemetry { get; init; }

    [Description("Firmware of the vehicle when the alert was raised; null where it did not say.")]
    public string? Firmware { get; init; }

    [Description("Field of five degrees that the vehicle was in when the alert was raised, by its south-west corner; null where it did not say.")]
    public string? Region { get; init; }

    [Description("The fleet's alert that it is part of: many vehicles with the same firmware, profile or region are odd together. Null: it stands for itself.")]
    public string? FleetAlertId { get; init; }

    [Description("What people did with it, oldest first.")]
    public IReadOnlyList<AlertActionDocument> Actions { get; init; } = [];

    [Description("The newest acknowledgement; null: nobody has acknowledged it.")]
    public AlertActionDocument? Acknowledged { get; init; }

    [Description("Rises with every change of any alert while this server runs. Of two copies of an alert the one with the higher version is newer.")]
    public long Version { get; init; }

    [Description("Time at which the scorer wrote it.")]
    public DateTimeOffset? WrittenAt { get; init; }

    internal static AlertDocument From(Alert alert) => new()
    {
        Id = alert.AlertId,
        Vin = alert.Vin,
        Profile = alert.Profile,
        Type = alert.Type,
        Status = alert.Status,
        Severity = alert.Severity,
        RaisedAt = Time(alert.RaisedAtMs),
        LastSeenAt = Time(alert.LastSeenMs),
        ClearedAt = alert.ClearedAtMs > 0 ? Time(alert.ClearedAtMs) : null,
        Score = float.IsFinite(alert.Score) ? alert.Score : 0,
        Contributions = SignalShare.From(alert.Contributions),
        ModelId = alert.ModelId,
        Telemetry = new(alert.TelemetryPartition, alert.FirstOffset, alert.LastOffset),
        Firmware = alert.Firmware.Length > 0 ? alert.Firmware : null,
        Region = alert.Region.Length > 0 ? alert.Region : null,
        WrittenAt = alert.WrittenAtMs > 0 ? Time(alert.WrittenAtMs) : null,
    };

    internal AlertDocument With(IReadOnlyList<AlertActionDocument> actions, long version) => this with
    {
        Actions = actions,
        Acknowledged = actions.LastOrDefault(a => a.Kind == AlertActionKind.Acknowledged),
        Version = version,
    };

    /// <summary>A time the vehicle or scorer gave, kept within what a date can be.</summary>
    private static DateTimeOffset Time(long unixMs) =>
        DateTimeOffset.FromUnixTimeMilliseconds(Math.Clamp(unixMs, 0, DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()));
}
