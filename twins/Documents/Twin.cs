namespace Kappa.Iot.Twins;

/// <summary>What the platform last heard of one vehicle.</summary>
public sealed record Twin
{
    public required string Vin { get; init; }

    /// <summary>What kind of vehicle it said it is; null until its first telemetry.</summary>
    public string? Profile { get; init; }

    /// <summary>What it last reported; null until its first telemetry.</summary>
    public TwinReported? Reported { get; init; }

    /// <summary>Whether it is connected; null until the log says so for the first time.</summary>
    public TwinPresence? Presence { get; init; }

    /// <summary>Open alerts, at most one a type, by type.</summary>
    public IReadOnlyList<TwinAlert> Alerts { get; init; } = [];
}
