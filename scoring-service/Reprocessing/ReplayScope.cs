using Kappa.Iot.Contracts;

namespace Kappa.Iot.ScoringService;

/// <summary>What of the telemetry is scored again.</summary>
/// <param name="Telemetry">What is read, by partition.</param>
/// <param name="FromMs">First event time, Unix milliseconds, of the batches whose scores and alerts are written; older ones only warm the windows.</param>
/// <param name="ToMs">First event time after them.</param>
internal sealed record ReplayScope(IReadOnlyDictionary<int, OffsetRange> Telemetry, long FromMs, long ToMs)
{
    public bool Contains(TelemetryBatch batch) => batch.StartTimeMs >= FromMs && batch.StartTimeMs < ToMs;
}
