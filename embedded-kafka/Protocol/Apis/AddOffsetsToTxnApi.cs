namespace Kappa.Iot.Embedded.Protocol.Apis;

/// <summary>Takes a group's offsets into a transaction.</summary>
internal static class AddOffsetsToTxnApi
{
    public static void Handle(Call call)
    {
        var (request, response) = (call.Request, call.Response);
        var error = call.Broker.Transactions.AddOffsets(request.String(), request.Int64(), request.Int16());
        if (error == ErrorCode.ProducerFenced && call.Version < 2)
            error = ErrorCode.InvalidProducerEpoch;
        response.Int32(0);
        response.Error(error);
        response.Tags();
    }
}
