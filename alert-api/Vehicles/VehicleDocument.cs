using System.ComponentModel;
using Kappa.Iot.AlertApi.Alerts;
using Kappa.Iot.Twins;

namespace Kappa.Iot.AlertApi.Vehicles;

/// <summary>All that is known of one vehicle.</summary>
public sealed record VehicleDocument
{
    public required string Vin { get; init; }

    public string? Profile { get; init; }

    [Description("Its twin: what it last reported, from the twin store.")]
    public Twin? Twin { get; init; }

    [Description("The twin's values with names and units.")]
    public IReadOnlyList<SignalValue> Signals { get; init; } = [];

    [Description("Why there is no twin, where the store did not answer.")]
    public string? TwinProblem { get; init; }

    [Description("Position, presence and score as last heard on the log.")]
    public LiveVehicle? State { get; init; }

    public ScorePoint? LatestScore { get; init; }

    [Description("Open alerts, the newest first.")]
    public required IReadOnlyList<AlertDocument> Alerts { get; init; }
}
