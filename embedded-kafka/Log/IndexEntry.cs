namespace Kappa.Iot.Embedded.Log;

/// <summary>At <paramref name="Position"/> bytes into a segment starts the batch with <paramref name="Offset"/>; all batches in front of it are no later than <paramref name="MaxTimestampBefore"/>.</summary>
internal readonly record struct IndexEntry(long Offset, long Position, long MaxTimestampBefore);
