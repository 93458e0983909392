using System.ComponentModel;

namespace Kappa.Iot.AlertApi.Vehicles;

/// <summary>Where a vehicle is and how it does, as last heard.</summary>
public sealed record LiveVehicle
{
    public required string Vin { get; init; }

    public string? Profile { get; init; }

    [Description("Degrees north; null: the vehicle has never said where it is.")]
    public double? Latitude { get; init; }

    [Description("Degrees east.")]
    public double? Longitude { get; init; }

    [Description("Degrees clockwise from north.")]
    public float? Heading { get; init; }

    [Description("km/h.")]
    public float? Speed { get; init; }

    [Description("Whether it is connected; null: it has never connected by MQTT.")]
    public bool? Online { get; init; }

    [Description("Event time of the last sample.")]
    public DateTimeOffset? SeenAt { get; init; }

    [Description("Latest score, 0 (normal) to 1.")]
    public float? Score { get; init; }

    internal ulong BootId { get; init; }

    internal ulong Sequence { get; init; }

    internal ulong ScoredBootId { get; init; }

    internal ulong ScoredSequence { get; init; }

    internal ulong SessionEpoch { get; init; }
}
