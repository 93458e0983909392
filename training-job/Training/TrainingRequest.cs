using Kappa.Iot.Detection.Training;
using Kappa.Iot.Streaming.Models;
using Kappa.Iot.TrainingJob.Drift;

namespace Kappa.Iot.TrainingJob.Training;

/// <summary>What is to be trained on, and how.</summary>
internal sealed record TrainingRequest
{
    public required string Profile { get; init; }

    public required DateTimeOffset From { get; init; }

    public required DateTimeOffset To { get; init; }

    /// <summary>Recorded traces instead of the log.</summary>
    public required string? Traces { get; init; }

    public required TrainingOptions Options { get; init; }

    public required Decision Decision { get; init; }

    /// <summary>Vehicles with known faults.</summary>
    public required IReadOnlyList<string> Exclude { get; init; }

    /// <summary>Leave out vehicles that have an open alert.</summary>
    public required bool ExcludeAlerting { get; init; }

    /// <summary>Train only where the range has drifted from the active model's training; null: always.</summary>
    public required DriftThresholds? IfDrifted { get; init; }
}
