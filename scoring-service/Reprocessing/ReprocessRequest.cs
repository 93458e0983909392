namespace Kappa.Iot.ScoringService;

/// <summary>What a person asked to be scored again. What is null was not said: of a generation that is there already it stays as it was.</summary>
internal sealed record ReprocessRequest
{
    public required string Generation { get; init; }

    /// <summary>Models, each for its own profile; the other profiles are scored by what was active when their telemetry came.</summary>
    public IReadOnlyList<string> ModelIds { get; init; } = [];

    /// <summary>No other models: those that were active, with the code of today.</summary>
    public bool Code { get; init; }

    /// <summary>Event time, as typed.</summary>
    public string? From { get; init; }

    /// <summary>Event time, as typed.</summary>
    public string? To { get; init; }

    public TimeSpan? WarmUp { get; init; }

    public TimeSpan? Late { get; init; }
}
