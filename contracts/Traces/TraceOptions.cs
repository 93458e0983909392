namespace Kappa.Iot.Contracts;

/// <summary>How recorded traces become telemetry.</summary>
public sealed record TraceOptions
{
    public static TraceOptions Default { get; } = new();

    /// <summary>Profile of all batches; null: <c>article</c> where the columns are the article's, else <c>obd</c>.</summary>
    public string? Profile { get; init; }

    /// <summary>Samples in a batch at most.</summary>
    public int SamplesPerBatch { get; init; } = 10;

    /// <summary>Time between two samples of a vehicle that has only one.</summary>
    public TimeSpan LoneSampleInterval { get; init; } = TimeSpan.FromSeconds(1);
}
