namespace Kappa.Iot.ScoringService;

/// <summary>How a generation is worked through. None of it changes what is written.</summary>
internal sealed record ReprocessOptions
{
    /// <summary>Name of this process among those that work on one generation.</summary>
    public string Instance { get; init; } = "reprocess";

    /// <summary>Most batches of one transaction.</summary>
    public int MaxBatch { get; init; } = 20_000;

    /// <summary>Partitions scored at the same time.</summary>
    public int Workers { get; init; } = Environment.ProcessorCount;

    /// <summary>After how many batches, on average, a vehicle's state is written. After a kill about as many of each vehicle are read again.</summary>
    public int SnapshotEvery { get; init; } = 200;
}
