using Kappa.Iot.Detection.Training;

namespace Kappa.Iot.TrainingJob.Evaluation;

/// <summary>Which model is evaluated, on what.</summary>
internal sealed record EvaluationRequest
{
    /// <summary>Folder of normal traces to train on; null for <see cref="ModelId"/>.</summary>
    public string? Train { get; init; }

    /// <summary>A model of the registry; null for one that is trained now.</summary>
    public string? ModelId { get; init; }

    /// <summary>The kind of vehicle of a model that is trained now.</summary>
    public required string Profile { get; init; }

    /// <summary>How to train.</summary>
    public required TrainingOptions Options { get; init; }

    /// <summary>Folder of traces to score; null for the log's range.</summary>
    public string? Test { get; init; }

    /// <summary>First event time of the log's range.</summary>
    public DateTimeOffset From { get; init; }

    /// <summary>First event time after the log's range.</summary>
    public DateTimeOffset To { get; init; }

    /// <summary>Trains the baseline detector too, on the same data.</summary>
    public bool WithBaseline { get; init; }

    /// <summary>Keeps what the model saw in every batch: a report shows it.</summary>
    public bool KeepSteps { get; init; }

    /// <summary>The model, for people.</summary>
    public string Model => ModelId is { } id ? $"model {id} of the registry" : $"trained on the traces in {Path.GetFileName(Path.TrimEndingDirectorySeparator(Train!))}";

    /// <summary>The data, for people.</summary>
    public string Data => Test is { } folder ? $"the traces in {Path.GetFileName(Path.TrimEndingDirectorySeparator(folder))}" : $"the log's telemetry from {From:u} to {To:u}";
}
