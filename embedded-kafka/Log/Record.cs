namespace Kappa.Iot.Embedded.Log;

/// <summary>One record inside a batch.</summary>
/// <param name="Offset">Its offset in the partition.</param>
/// <param name="Timestamp">Milliseconds since 1970.</param>
/// <param name="Key">Null where the record has none.</param>
/// <param name="Value">Null for a tombstone.</param>
/// <param name="Raw">The record as encoded, its length prefix left out: a compacted batch keeps these bytes.</param>
internal readonly record struct Record(long Offset, long Timestamp, ReadOnlyMemory<byte>? Key, ReadOnlyMemory<byte>? Value, ReadOnlyMemory<byte> Raw);
