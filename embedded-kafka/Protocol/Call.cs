using Kappa.Iot.Embedded.Security;

namespace Kappa.Iot.Embedded.Protocol;

/// <summary>One request on its way through its handler. Reused for the next request of the same connection.</summary>
internal sealed class Call(Broker broker, string clientHost, SaslSession sasl, CancellationToken aborted) : IDisposable
{
    public Broker Broker { get; } = broker;

    /// <summary>Who the client is.</summary>
    public SaslSession Sasl { get; } = sasl;

    public RequestReader Request { get; } = new(broker.Memory);

    public ResponseWriter Response { get; } = new(broker.Memory);

    public short Version { get; set; }

    public string ClientId { get; set; } = "";

    public string ClientHost { get; } = clientHost;

    /// <summary>Set by a handler whose request wants no answer (acks=0).</summary>
    public bool NoResponse { get; set; }

    /// <summary>The connection is going away.</summary>
    public CancellationToken Aborted { get; } = aborted;

    /// <summary>Lets go of the request and the answer.</summary>
    public void Reset()
    {
        Request.Reset(default);
        Response.Reset();
        NoResponse = false;
    }

    public void Dispose()
    {
        Request.Reset(default);
        Response.Dispose();
    }
}
