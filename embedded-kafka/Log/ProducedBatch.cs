namespace Kappa.Iot.Embedded.Log;

/// <summary>A batch that an idempotent producer wrote: where its repeat would have gone.</summary>
internal readonly record struct ProducedBatch(int FirstSequence, int LastSequence, long BaseOffset, long Timestamp);
