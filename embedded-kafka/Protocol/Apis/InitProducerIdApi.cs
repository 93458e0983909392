namespace Kappa.Iot.Embedded.Protocol.Apis;

/// <summary>Gives a producer its id and epoch.</summary>
internal static class InitProducerIdApi
{
    public static void Handle(Call call)
    {
        var (request, response, version) = (call.Request, call.Response, call.Version);
        var id = request.NullableString();
        var timeout = TimeSpan.FromMilliseconds(request.Int32());
        var knownId = version >= 3 ? request.Int64() : -1;
        var knownEpoch = version >= 3 ? request.Int16() : (short)-1;
        var (error, producerId, epoch) = (ErrorCode.CoordinatorNotAvailable, -1L, (short)-1);
        try
        {
            (error, producerId, epoch) = call.Broker.Transactions.Init(id, timeout, knownId, knownEpoch);
        }
        catch (Exception e) when (call.Broker.IsStorage(e))
        {
            // It is the coordinator's disk: to the client, one to try again later.
        }

        if (error == ErrorCode.ProducerFenced && version < 4)
            error = ErrorCode.InvalidProducerEpoch;

        response.Int32(0);
        response.Error(error);
        response.Int64(producerId);
        response.Int16(epoch);
        response.Tags();
    }
}
