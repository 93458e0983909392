using Kappa.Iot.Contracts;

namespace Kappa.Iot.Twins;

/// <summary>Telemetry. Newer is what has the higher boot id, then the higher sequence; each signal has the value of the newest batch that has it.</summary>
public sealed record ReportedUpdate(TelemetryBatch Batch, int Partition, long Offset) : TwinUpdate(Batch.Vin, Partition, Offset);
