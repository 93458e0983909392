using System.ComponentModel.DataAnnotations;

namespace Kappa.Iot.ScoringService;

/// <summary>Section <c>Scoring</c> of the settings.</summary>
public sealed record ScoringOptions
{
    public const string Section = "Scoring";

    /// <summary>The group whose members share the telemetry partitions.</summary>
    [Required] public string GroupId { get; init; } = "scoring-service";

    /// <summary>
    /// Name of this process among the scorers: the same after a restart, different from that of any other that runs. Two scorers on one
    /// machine must each be given one.
    /// </summary>
    [Required] public string Instance { get; init; } = Environment.MachineName;

    /// <summary>Most batches of one transaction. Only where a backlog is caught up are there so many: the more, the less of the time goes into transactions.</summary>
    [Range(1, 1_000_000)] public int MaxBatch { get; init; } = 16_000;

    /// <summary>How long batches are collected for a transaction: the part of an alert's delay that is ours to choose.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:00:10")] public TimeSpan MaxWait { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>After how many batches, on average, a vehicle's state is written to the log. A restart reads about as many batches of each vehicle again.</summary>
    [Range(1, 100_000)] public int SnapshotEvery { get; init; } = 20;

    /// <summary>After how long without a sign of life another scorer takes over.</summary>
    [Range(typeof(TimeSpan), "00:00:06", "00:30:00")] public TimeSpan SessionTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>After how long the log gives up a transaction of a scorer that does not come back.</summary>
    [Range(typeof(TimeSpan), "00:00:05", "00:15:00")] public TimeSpan TransactionTimeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How long the last transaction may take when the service is stopped.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:05:00")] public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Partitions that are scored at the same time; 0 takes one a core.</summary>
    [Range(0, 1024)] public int Parallelism { get; init; }

    [Required] public ScoringTopics Topics { get; init; } = new();
}
