namespace Kappa.Iot.Embedded.Protocol.Apis;

/// <summary>Which broker looks after a group or a transactional id: this one.</summary>
internal static class FindCoordinatorApi
{
    public static void Handle(Call call)
    {
        var (request, response, version) = (call.Request, call.Response, call.Version);
        var key = version <= 3 ? request.String() : null;
        var type = version >= 1 ? request.Int8() : (sbyte)0;
        var keys = version >= 4 ? request.StringArray() : [];
        var error = type is 0 or 1 ? ErrorCode.None : ErrorCode.InvalidRequest;

        if (version >= 1)
            response.Int32(0);
        if (key is not null)
        {
            response.Error(error);
            if (version >= 1)
                response.String(null);
            WriteNode(response, call.Broker);
        }
        else
        {
            response.Array(keys, (w, k) =>
            {
                w.String(k);
                WriteNode(w, call.Broker);
                w.Error(error);
                w.String(null);
                w.Tags();
            });
        }

        response.Tags();
    }

    private static void WriteNode(ResponseWriter w, Broker broker)
    {
        w.Int32(Broker.NodeId);
        w.String(broker.AdvertisedHost);
        w.Int32(broker.AdvertisedPort);
    }
}
