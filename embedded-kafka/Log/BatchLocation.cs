namespace Kappa.Iot.Embedded.Log;

/// <summary>A batch and where it starts in its segment, in bytes.</summary>
internal readonly record struct BatchLocation(RecordBatchHeader Header, long Position);
