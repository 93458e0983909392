namespace Kappa.Iot.Embedded.Protocol.Apis;

/// <summary>All groups, or those in some states.</summary>
internal static class ListGroupsApi
{
    private const string Classic = "classic";

    public static void Handle(Call call)
    {
        var (request, response, version) = (call.Request, call.Response, call.Version);
        var states = version >= 4 ? request.StringArray() : [];
        var types = version >= 5 ? request.StringArray() : [];
        var groups = call.Broker.Groups.All
            .Where(g => states.Length == 0 || states.Contains(g.State.ToString(), StringComparer.OrdinalIgnoreCase))
            .Where(_ => types.Length == 0 || types.Contains(Classic, StringComparer.OrdinalIgnoreCase))
            .OrderBy(g => g.Id, StringComparer.Ordinal).ToList();

        if (version >= 1)
            response.Int32(0);
        response.Error(ErrorCode.None);
        response.Array(groups, (w, group) =>
        {
            w.String(group.Id);
            w.String(group.ProtocolType ?? "");
            if (version >= 4)
                w.String(group.State.ToString());
            if (version >= 5)
                w.String(Classic);
            w.Tags();
        });
        response.Tags();
    }
}
