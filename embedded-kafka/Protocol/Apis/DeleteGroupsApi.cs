namespace Kappa.Iot.Embedded.Protocol.Apis;

/// <summary>Removes groups that have no members, with their offsets.</summary>
internal static class DeleteGroupsApi
{
    public static void Handle(Call call)
    {
        var ids = call.Request.StringArray();
        call.Response.Int32(0);
        call.Response.Array(ids, (w, id) =>
        {
            w.String(id);
            w.Error(call.Broker.Groups.Delete(id));
            w.Tags();
        });
        call.Response.Tags();
    }
}
