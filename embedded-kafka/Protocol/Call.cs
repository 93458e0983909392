namespace Kappa.Iot.Embedded.Protocol;

/// <summary>One request on its way through its handler. Reused for the next request of the same connection.</summary>
internal sealed class Call(Broker broker, string clientHost, CancellationToken aborted) : IDisposable
{
    public Broker Broker { get; } = broker;

    public RequestReader Request { get; } = new();

    public ResponseWriter Response { get; } = new();

    public short Version { get; set; }

    public string ClientId { get; set; } = "";

    public string ClientHost { get; } = clientHost;

    /// <summary>Set by a handler whose request wants no answer (acks=0).</summary>
    public bool NoResponse { get; set; }

    /// <summary>The connection is going away.</summary>
    public CancellationToken Aborted { get; } = aborted;

    public void Dispose() => Response.Dispose();
}
