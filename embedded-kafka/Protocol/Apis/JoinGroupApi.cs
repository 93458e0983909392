using Kappa.Iot.Embedded.Groups;

namespace Kappa.Iot.Embedded.Protocol.Apis;

/// <summary>Joins a consumer group; answered when the new generation begins.</summary>
internal static class JoinGroupApi
{
    /// <summary>Bytes that a member may say about itself, or be assigned.</summary>
    public const int MaxMemberData = 1024 * 1024;

    private const int MaxProtocols = 100;

    public static async ValueTask HandleAsync(Call call)
    {
        var (request, version) = (call.Request, call.Version);
        var groupId = request.String();
        var session = TimeSpan.FromMilliseconds(request.Int32());
        var rebalance = version >= 1 ? TimeSpan.FromMilliseconds(request.Int32()) : session;
        var memberId = request.String();
        var instanceId = version >= 5 ? request.NullableString() : null;
        var protocolType = request.String();
        var protocols = request.Array(static r =>
        {
            var protocol = (Name: r.String(), Metadata: r.Bytes());
            r.Tags();
            return protocol;
        });
        if (new[] { memberId, instanceId ?? "", protocolType }.Any(IsTooLong) || protocols.Length > MaxProtocols
            || protocols.Any(p => IsTooLong(p.Name)) || protocols.Sum(p => (long)p.Metadata.Length) > MaxMemberData)
        {
            Write(call, new JoinResult(ErrorCode.InvalidRequest, ""));
            return;
        }

        var join = new JoinRequest(
            groupId, memberId, instanceId, call.ClientId, call.ClientHost, session, rebalance, protocolType,
            [.. protocols.Select(p => new GroupProtocol(p.Name, p.Metadata.ToArray()))],
            NeedsKnownId: version >= 4, CanSkipAssignment: version >= 9);
        Write(call, await JoinAsync(call, join));
    }

    private static async Task<JoinResult> JoinAsync(Call call, JoinRequest join)
    {
        var options = call.Broker.Options;
        if (join.GroupId.Length is 0 or > GroupCoordinator.MaxNameLength)
            return new JoinResult(ErrorCode.InvalidGroupId, join.MemberId);
        if (join.SessionTimeout < options.MinSessionTimeout || join.SessionTimeout > options.MaxSessionTimeout)
            return new JoinResult(ErrorCode.InvalidSessionTimeout, join.MemberId);

        if (!call.Broker.Groups.HasRoom(Group.OwnSize + 1024 + GroupProtocol.SizeOf(join.Protocols)))
            return new JoinResult(ErrorCode.GroupMaxSizeReached, join.MemberId);

        var group = call.Broker.Groups.GetOrAdd(join.GroupId);
        Task<JoinResult> joined;
        lock (group.Lock)
            joined = group.Join(join);
        return await joined.WaitAsync(call.Aborted);
    }

    /// <summary>A member's id has its client's or instance's name in it, and a little more.</summary>
    private static bool IsTooLong(string name) => name.Length > GroupCoordinator.MaxNameLength + 64;

    private static void Write(Call call, JoinResult result)
    {
        var (response, version) = (call.Response, call.Version);
        if (version >= 2)
            response.Int32(0);
        response.Error(result.Error);
        response.Int32(result.Generation);
        if (version >= 7)
            response.String(result.ProtocolType);
        response.String(version >= 7 ? result.Protocol : result.Protocol ?? "");
        response.String(result.Leader);
        if (version >= 9)
            response.Bool(result.SkipAssignment);
        response.String(result.MemberId);
        response.Array(result.Members, (w, member) =>
        {
            w.String(member.Id);
            if (version >= 5)
                w.String(member.InstanceId);
            w.Bytes(member.Metadata);
            w.Tags();
        });
        response.Tags();
    }
}
