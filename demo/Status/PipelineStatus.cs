namespace Kappa.Iot.Demo.Status;

/// <summary>The pipeline at one moment.</summary>
internal sealed record PipelineStatus
{
    public required string Step { get; init; }

    public required TimeSpan Elapsed { get; init; }

    public required FleetReport Fleet { get; init; }

    /// <summary>Batches acknowledged to vehicles in the last second.</summary>
    public required double MessagesPerSecond { get; init; }

    /// <summary>Batches in the log that are not scored yet; null while the log does not answer.</summary>
    public required long? ScorerLag { get; init; }

    /// <summary>Batches in the log that are not in the twins yet.</summary>
    public required long? SinkLag { get; init; }

    public required int Alerts { get; init; }

    /// <summary>How often a process was started again.</summary>
    public required int Restarts { get; init; }

    public required IReadOnlyList<string> Processes { get; init; }

    public required Uri Dashboard { get; init; }
}
