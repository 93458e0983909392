namespace Kappa.Iot.Twins;

/// <summary>The newest telemetry of a vehicle: newest by its own boot id and sequence, not by arrival.</summary>
public sealed record TwinReported
{
    /// <summary>Event time of the newest sample.</summary>
    public required DateTimeOffset Time { get; init; }

    public required ulong BootId { get; init; }

    public required ulong Sequence { get; init; }

    /// <summary>Last value of each signal by its path in the signal catalogue, in the catalogue's unit. A signal that a batch leaves out keeps its value.</summary>
    public required IReadOnlyDictionary<string, double> Signals { get; init; }

    /// <summary>Event time of each of these values.</summary>
    public required IReadOnlyDictionary<string, DateTimeOffset> SignalTimes { get; init; }

    /// <summary>Degrees north; null for a vehicle that never said where it is.</summary>
    public double? Latitude { get; init; }

    /// <summary>Degrees east.</summary>
    public double? Longitude { get; init; }

    /// <summary>Where the newest batch is in topic <c>telemetry</c>.</summary>
    public required int Partition { get; init; }

    public required long Offset { get; init; }
}
