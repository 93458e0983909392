namespace Kappa.Iot.Embedded.Groups;

/// <summary>How far a group has come in a partition.</summary>
/// <param name="LogOffset">Where the commit itself is in the offsets topic: of two commits the later one counts.</param>
internal sealed record CommittedOffset(long Offset, int LeaderEpoch, string Metadata, long Timestamp, long LogOffset);
