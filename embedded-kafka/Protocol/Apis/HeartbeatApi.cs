namespace Kappa.Iot.Embedded.Protocol.Apis;

/// <summary>A member's sign of life.</summary>
internal static class HeartbeatApi
{
    public static void Handle(Call call)
    {
        var (request, response, version) = (call.Request, call.Response, call.Version);
        var groupId = request.String();
        var generation = request.Int32();
        var memberId = request.String();
        var instanceId = version >= 3 ? request.NullableString() : null;
        var error = ErrorCode.UnknownMemberId;
        if (call.Broker.Groups.Find(groupId) is { } group)
        {
            lock (group.Lock)
                error = group.Heartbeat(memberId, instanceId, generation);
        }

        if (version >= 1)
            response.Int32(0);
        response.Error(error);
        response.Tags();
    }
}
