using Kappa.Iot.Embedded.Groups;

namespace Kappa.Iot.Embedded.Protocol.Apis;

/// <summary>State and members of groups.</summary>
internal static class DescribeGroupsApi
{
    public static void Handle(Call call)
    {
        var (request, response, version) = (call.Request, call.Response, call.Version);
        var ids = request.StringArray();
        if (version >= 1)
            response.Int32(0);
        response.Array(ids, (w, id) =>
        {
            if (call.Broker.Groups.Find(id) is not { Consumers: null } group)
            {
                Write(w, version, id, "Dead", "", "", [], version >= 6 ? ErrorCode.GroupIdNotFound : ErrorCode.None);
                return;
            }

            lock (group.Lock)
                Write(w, version, id, group.State.ToString(), group.ProtocolType ?? "", group.State == GroupState.Stable ? group.Protocol ?? "" : "", group.Members);
        });
        response.Tags();
    }

    private static void Write(
        ResponseWriter w, short version, string id, string state, string protocolType, string protocol, IReadOnlyCollection<GroupMember> members,
        ErrorCode error = ErrorCode.None)
    {
        w.Error(error);
        if (version >= 6)
            w.Message(error == ErrorCode.None ? null : $"There is no classic group {id}.");
        w.String(id);
        w.String(state);
        w.String(protocolType);
        w.String(protocol);
        w.Array(members, (mw, member) =>
        {
            mw.String(member.Id);
            if (version >= 4)
                mw.String(member.InstanceId);
            mw.String(member.ClientId);
            mw.String(member.ClientHost);
            mw.Bytes(member.MetadataFor(protocol));
            mw.Bytes(member.Assignment);
            mw.Tags();
        });
        if (version >= 3)
            w.Int32(int.MinValue);
        w.Tags();
    }
}
