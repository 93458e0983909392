namespace Kappa.Iot.Embedded.Protocol;

/// <summary>The bytes of a request do not follow the protocol. The connection that sent them is closed.</summary>
internal sealed class MalformedRequestException(string message) : Exception(message);
