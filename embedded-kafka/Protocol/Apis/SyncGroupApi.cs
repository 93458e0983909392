using Kappa.Iot.Embedded.Groups;

namespace Kappa.Iot.Embedded.Protocol.Apis;

/// <summary>Hands a member its assignment; answered when the leader has brought it.</summary>
internal static class SyncGroupApi
{
    public static async ValueTask HandleAsync(Call call)
    {
        var (request, response, version) = (call.Request, call.Response, call.Version);
        var groupId = request.String();
        var generation = request.Int32();
        var memberId = request.String();
        var instanceId = version >= 3 ? request.NullableString() : null;
        var protocolType = version >= 5 ? request.NullableString() : null;
        var protocol = version >= 5 ? request.NullableString() : null;
        var given = request.Array(static r =>
        {
            var entry = (Member: r.String(), Assignment: r.Bytes());
            r.Tags();
            return entry;
        });

        var result = new SyncResult(ErrorCode.UnknownMemberId, []);
        if (given.Any(g => g.Assignment.Length > JoinGroupApi.MaxMemberData))
        {
            result = new SyncResult(ErrorCode.InvalidRequest, []);
        }
        else if (!call.Broker.Groups.HasRoom(given.Sum(g => (long)g.Assignment.Length)))
        {
            result = new SyncResult(ErrorCode.GroupMaxSizeReached, []);
        }
        else if (call.Broker.Groups.Find(groupId) is { } group)
        {
            var assignments = new Dictionary<string, byte[]>();
            foreach (var (member, assignment) in given)
                assignments[member] = assignment.ToArray();
            Task<SyncResult> synced;
            lock (group.Lock)
                synced = group.Sync(memberId, instanceId, generation, protocolType, protocol, assignments);
            result = await synced.WaitAsync(call.Aborted);
        }

        if (version >= 1)
            response.Int32(0);
        response.Error(result.Error);
        if (version >= 5)
        {
            response.String(result.ProtocolType);
            response.String(result.Protocol);
        }

        response.Bytes(result.Assignment);
        response.Tags();
    }
}
