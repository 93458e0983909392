using Kappa.Iot.Embedded.Security;

namespace Kappa.Iot.Embedded.Protocol.Apis;

/// <summary>A client says how it wants to log in.</summary>
internal static class SaslHandshakeApi
{
    public static void Handle(Call call)
    {
        call.Response.Error(call.Sasl.Begin(call.Request.String(), call.Version));
        call.Response.Array(SaslUsers.Mechanisms, static (w, mechanism) => w.String(mechanism));
    }
}
