namespace Kappa.Iot.Embedded.Groups;

/// <summary>What a client asks for when it joins.</summary>
/// <param name="NeedsKnownId">The client's version can be told its id first and join in a second step.</param>
/// <param name="CanSkipAssignment">The client's version understands that a returning leader has nothing to assign.</param>
internal sealed record JoinRequest(
    string GroupId, string MemberId, string? InstanceId, string ClientId, string ClientHost, TimeSpan SessionTimeout, TimeSpan RebalanceTimeout,
    string ProtocolType, IReadOnlyList<GroupProtocol> Protocols, bool NeedsKnownId, bool CanSkipAssignment);
