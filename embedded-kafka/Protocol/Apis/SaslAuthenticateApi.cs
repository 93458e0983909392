namespace Kappa.Iot.Embedded.Protocol.Apis;

/// <summary>One step of a login.</summary>
internal static class SaslAuthenticateApi
{
    public static void Handle(Call call)
    {
        var response = call.Response;
        var (error, message, token) = call.Sasl.Continue(call.Request.Bytes().Span);
        response.Error(error);
        response.Message(message);
        response.Bytes(token);
        if (call.Version >= 1)
            response.Int64(0);
        response.Tags();
    }
}
