namespace Kappa.Iot.Embedded.Protocol.Apis;

/// <summary>Members leave a group; from version 3 on several at once.</summary>
internal static class LeaveGroupApi
{
    public static void Handle(Call call)
    {
        var (request, response, version) = (call.Request, call.Response, call.Version);
        var groupId = request.String();
        (string Id, string? InstanceId)[] members = version >= 3
            ? request.Array(r =>
            {
                var member = (r.String(), r.NullableString());
                if (version >= 5)
                    r.NullableString();
                r.Tags();
                return member;
            })
            : [(request.String(), null)];

        var group = call.Broker.Groups.Find(groupId);
        var errors = new List<((string Id, string? InstanceId) Member, ErrorCode Error)>();
        foreach (var member in members)
        {
            var error = ErrorCode.UnknownMemberId;
            if (group is not null)
            {
                lock (group.Lock)
                    error = group.Leave(member.Id, member.InstanceId);
            }

            errors.Add((member, error));
        }

        if (version >= 1)
            response.Int32(0);
        response.Error(version < 3 ? errors[0].Error : ErrorCode.None);
        if (version >= 3)
        {
            response.Array(errors, static (w, entry) =>
            {
                w.String(entry.Member.Id);
                w.String(entry.Member.InstanceId);
                w.Error(entry.Error);
                w.Tags();
            });
        }

        response.Tags();
    }
}
