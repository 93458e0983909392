namespace Kappa.Iot.Embedded.Tests.Properties;

/// <summary>A record as the model keeps it. Markers of transactions take an offset too and have no key here.</summary>
internal sealed record ModelRecord(long Offset, string? Key, string? Value, long Timestamp, long ProducerId = -1, bool InTransaction = false, bool IsMarker = false);
