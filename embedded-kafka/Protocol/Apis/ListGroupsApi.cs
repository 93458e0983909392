using Kappa.Iot.Embedded.Groups;

namespace Kappa.Iot.Embedded.Protocol.Apis;

/// <summary>All groups, or those in some states.</summary>
internal static class ListGroupsApi
{
    public static void Handle(Call call)
    {
        var (request, response, version) = (call.Request, call.Response, call.Version);
        var states = version >= 4 ? request.StringArray() : [];
        var types = version >= 5 ? request.StringArray() : [];
        var groups = call.Broker.Groups.All.Select(Look)
            .Where(g => states.Length == 0 || states.Contains(g.State, StringComparer.OrdinalIgnoreCase))
            .Where(g => types.Length == 0 || types.Contains(g.Type, StringComparer.OrdinalIgnoreCase))
            .OrderBy(g => g.Id, StringComparer.Ordinal).ToList();

        if (version >= 1)
            response.Int32(0);
        response.Error(ErrorCode.None);
        response.Array(groups, (w, group) =>
        {
            w.String(group.Id);
            w.String(group.ProtocolType);
            if (version >= 4)
                w.String(group.State);
            if (version >= 5)
                w.String(group.Type);
            w.Tags();
        });
        response.Tags();
    }

    private static (string Id, string State, string ProtocolType, string Type) Look(Group group)
    {
        lock (group.Lock)
        {
            return group.Consumers is null
                ? (group.Id, group.StateName, group.ProtocolType ?? "", "classic")
                : (group.Id, group.StateName, ConsumerSubscription.ProtocolType, ConsumerMembership.TypeName);
        }
    }
}
