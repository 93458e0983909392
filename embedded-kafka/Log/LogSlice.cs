using Kappa.Iot.Embedded.Protocol;

namespace Kappa.Iot.Embedded.Log;

/// <summary>Where a read starts and how far it may go.</summary>
/// <param name="Segment">Null where there is nothing to read.</param>
/// <param name="Position">The byte at which the first batch of the read starts.</param>
/// <param name="End">The segment's size when the read was planned.</param>
/// <param name="Limit">Batches from this offset on are not for this reader (last stable offset, or log end).</param>
internal readonly record struct LogSlice(
    ErrorCode Error, long HighWatermark, long LastStableOffset, long LogStartOffset, Segment? Segment, long Position, long End, long Limit)
{
    public long Available => Segment is null ? 0 : End - Position;

    /// <summary>Whether the segment ends before what the reader may see.</summary>
    public bool HasMore => Segment is not null && Segment.NextOffset < Limit;
}
