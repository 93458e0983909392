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
        var assignments = new Dictionary<string, byte[]>();
        foreach (var (member, assignment) in request.Array(static r =>
        {
            var entry = (Member: r.String(), Assignment: r.Bytes().ToArray());
            r.Tags();
            return entry;
        }))
            assignments[member] = assignment;

        var result = new SyncResult(ErrorCode.UnknownMemberId, []);
        if (call.Broker.Groups.Find(groupId) is { } group)
        {
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
