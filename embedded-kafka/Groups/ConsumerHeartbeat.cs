using Kappa.Iot.Embedded.Topics;

namespace Kappa.Iot.Embedded.Groups;

/// <summary>What a consumer says about itself in the consumer protocol. What is null has not changed.</summary>
/// <param name="Epoch">The member's; 0 joins, -1 leaves, -2 leaves for as long as a static member's restart takes.</param>
/// <param name="Owned">The partitions that it has at the moment.</param>
internal sealed record ConsumerHeartbeat(
    string GroupId, string MemberId, int Epoch, string? InstanceId, string? RackId, TimeSpan? RebalanceTimeout, string[]? Topics, string? Regex, string? Assignor,
    HashSet<TopicIdPartition>? Owned, string ClientId, string ClientHost)
{
    public const int Join = 0, Leave = -1, LeaveForNow = -2;

    /// <summary>Whether it says everything there is to say, and so wants to hear everything: after joining, or after an answer that was lost.</summary>
    public bool IsFull => RebalanceTimeout is not null && (Topics is not null || Regex is not null) && Owned is not null;
}
