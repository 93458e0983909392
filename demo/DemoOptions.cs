namespace Kappa.Iot.Demo;

/// <summary>What the demo was asked to do.</summary>
public sealed record DemoOptions
{
    public required int Vehicles { get; init; }

    /// <summary>Folder of everything the demo keeps: log, twins, the fleet's journal, the services' logs.</summary>
    public required string Data { get; init; }

    public required bool Reset { get; init; }

    /// <summary>How long the fleet drives live; null until Ctrl-C.</summary>
    public required TimeSpan? Duration { get; init; }

    /// <summary>How much past is made before.</summary>
    public required TimeSpan History { get; init; }

    /// <summary>A log that is there already; null starts the embedded one.</summary>
    public required string? Kafka { get; init; }

    /// <summary>A twin store that is there already; null keeps twins in a SQLite file.</summary>
    public required string? Twins { get; init; }

    public required DemoFaults Faults { get; init; }

    /// <summary>Time between two injected faults.</summary>
    public required TimeSpan FaultEvery { get; init; }

    /// <summary>Port of the dashboard; null takes 8080 or, where that is taken, any free one.</summary>
    public required int? Port { get; init; }
}
