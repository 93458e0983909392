using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Kappa.Iot.IngestGateway;

/// <summary>Where vehicles connect; known once the gateway has started.</summary>
public sealed class MqttAddress
{
    internal ListenOptions? Listener { get; set; }

    /// <summary>The address and port, with the port that was taken where any free one was wanted.</summary>
    public IPEndPoint EndPoint => Listener?.IPEndPoint ?? throw new InvalidOperationException("The gateway has not started.");
}
