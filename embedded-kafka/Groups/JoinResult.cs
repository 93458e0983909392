using Kappa.Iot.Embedded.Protocol;

namespace Kappa.Iot.Embedded.Groups;

/// <summary>The answer to a join: the new generation, and for its leader all members.</summary>
internal sealed record JoinResult(
    ErrorCode Error, string MemberId, int Generation = -1, string? ProtocolType = null, string? Protocol = null, string Leader = "",
    bool SkipAssignment = false)
{
    public IReadOnlyList<(string Id, string? InstanceId, byte[] Metadata)> Members { get; init; } = [];
}
