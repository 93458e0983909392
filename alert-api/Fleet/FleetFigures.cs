using System.ComponentModel;

namespace Kappa.Iot.AlertApi.Fleet;

/// <summary>The fleet in figures.</summary>
public sealed record FleetFigures
{
    [Description("Vehicles heard of.")]
    public required int Vehicles { get; init; }

    [Description("Vehicles that are connected.")]
    public required int Online { get; init; }

    [Description("Vehicles with at least one open alert.")]
    public required int Alerting { get; init; }

    [Description("Open alerts of vehicles, but for those that are part of one of the fleet's.")]
    public required OpenAlerts OpenAlerts { get; init; }

    [Description("What many vehicles have in common that are odd, silent or unreadable now.")]
    public required IReadOnlyList<FleetAlertDocument> FleetAlerts { get; init; }

    [Description("Telemetry messages a second, over the last ten seconds.")]
    public required double MessagesPerSecond { get; init; }

    [Description("Samples a second (each of all of a vehicle's signals), over the last ten seconds.")]
    public required double SamplesPerSecond { get; init; }

    [Description("connected; catching-up: what is on the log already is still being read; away: the log does not answer.")]
    public required string Log { get; init; }

    [Description("Rises when a model was trained or promoted.")]
    public required long ModelsVersion { get; init; }
}
