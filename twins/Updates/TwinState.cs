namespace Kappa.Iot.Twins;

/// <summary>
/// All that a store keeps of one vehicle: the open alerts and the cleared ones, and what each part stands for in the log. The fields of each
/// section are declared in the order in which two versions of it are compared (see <see cref="TwinFold"/>); the MongoDB adapter depends on it.
/// </summary>
internal sealed class TwinState
{
    public ReportedState? Reported { get; set; }

    /// <summary>By path in the signal catalogue.</summary>
    public Dictionary<string, SignalState> Signals { get; init; } = [];

    public PresenceState? Presence { get; set; }

    /// <summary>By alert type, open or cleared.</summary>
    public Dictionary<string, AlertState> Alerts { get; init; } = [];
}

/// <summary>The newest batch. The offset decides between copies of one batch only.</summary>
internal sealed record ReportedState(ulong Boot, ulong Sequence, long Time, long Offset, int Partition, string Profile);

/// <summary>The newest value of a signal, and which batch it came with.</summary>
internal readonly record struct SignalState(ulong Boot, ulong Sequence, long Time, double Value);

internal sealed record PresenceState(ulong Epoch, long Offset, int Partition, bool Online, long ChangedAt, int Reason);

internal sealed record AlertState(
    long Offset, int Partition, bool Open, string AlertId, int Type, int Severity, long RaisedAt, long LastSeen, double Score, string ModelId);
