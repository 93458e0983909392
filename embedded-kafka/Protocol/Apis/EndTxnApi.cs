namespace Kappa.Iot.Embedded.Protocol.Apis;

/// <summary>Commits or rolls back a transaction.</summary>
internal static class EndTxnApi
{
    public static void Handle(Call call)
    {
        var (request, response) = (call.Request, call.Response);
        var error = call.Broker.Transactions.End(request.String(), request.Int64(), request.Int16(), request.Bool());
        if (error == ErrorCode.ProducerFenced && call.Version < 2)
            error = ErrorCode.InvalidProducerEpoch;
        response.Int32(0);
        response.Error(error);
        response.Tags();
    }
}
