using Kappa.Iot.Contracts;

namespace Kappa.Iot.Twins;

/// <summary>An open alert of a vehicle.</summary>
public sealed record TwinAlert
{
    public required string AlertId { get; init; }

    public required AlertType Type { get; init; }

    public required Severity Severity { get; init; }

    /// <summary>Event time.</summary>
    public required DateTimeOffset RaisedAt { get; init; }

    /// <summary>Event time of the newest batch that still showed it.</summary>
    public required DateTimeOffset LastSeen { get; init; }

    /// <summary>Highest score of the episode, 0 to 1.</summary>
    public required double Score { get; init; }

    public required string ModelId { get; init; }

    /// <summary>Where it is written in topic <c>anomaly.alerts</c>.</summary>
    public required int Partition { get; init; }

    public required long Offset { get; init; }
}
