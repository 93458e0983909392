using Kappa.Iot.Embedded.Protocol;
using Kappa.Iot.Embedded.Topics;

namespace Kappa.Iot.Embedded.Groups;

/// <summary>The answer to a heartbeat of the consumer protocol.</summary>
/// <param name="Assignment">All that the member may have from now on; null where that has not changed.</param>
internal sealed record ConsumerHeartbeatResult(
    ErrorCode Error, string? Message = null, string? MemberId = null, int Epoch = 0, IReadOnlyCollection<TopicIdPartition>? Assignment = null);
