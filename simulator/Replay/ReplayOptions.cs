namespace Kappa.Iot.Simulator.Replay;

/// <summary>What is replayed, and how.</summary>
public sealed record ReplayOptions
{
    /// <summary>A trace, or a folder of them.</summary>
    public required string Path { get; init; }

    /// <summary>Trace time per time of the clock; null: as fast as it is acknowledged.</summary>
    public double? Speed { get; init; } = 1;

    /// <summary>Traces that are replayed at the same time.</summary>
    public int Parallel { get; init; } = 16;

    /// <summary>Profile of the telemetry; null: by the columns.</summary>
    public string? Profile { get; init; }

    /// <summary>Shift every trace in time so that it begins now.</summary>
    public bool AsOfNow { get; init; }

    /// <summary>How long a stop waits for missing acknowledgements.</summary>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>What is wrong with these options, for people, or null.</summary>
    public string? Problem() => AsOfNow && Speed is not <= 1
        ? "--as-of now needs --speed 1 or slower: faster, the traces would run into the future, which the gateway refuses."
        : null;
}
