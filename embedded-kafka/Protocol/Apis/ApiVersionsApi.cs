namespace Kappa.Iot.Embedded.Protocol.Apis;

/// <summary>Tells a client which requests it may send, in which versions.</summary>
internal static class ApiVersionsApi
{
    public static void Handle(Call call)
    {
        var response = call.Response;
        var unsupported = call.Version < 0;
        response.Error(unsupported ? ErrorCode.UnsupportedVersion : ErrorCode.None);
        response.Array(ApiTable.All.ToList(), static (w, api) =>
        {
            w.Int16((short)api.Key);

            // librdkafka takes a broker without Produce 0 for one without compression; Kafka 4 says 0 for the same reason.
            w.Int16(api.Key == ApiKey.Produce ? (short)0 : api.MinVersion);
            w.Int16(api.MaxVersion);
            w.Tags();
        });
        if (call.Version >= 1)
            response.Int32(0);
        response.Tags();
    }
}
