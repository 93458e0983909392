using Kappa.Iot.Embedded.Protocol;

namespace Kappa.Iot.Embedded.Groups;

/// <summary>The answer to a sync: what the member has been assigned.</summary>
internal sealed record SyncResult(ErrorCode Error, byte[] Assignment, string? ProtocolType = null, string? Protocol = null);
