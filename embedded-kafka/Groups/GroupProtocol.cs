namespace Kappa.Iot.Embedded.Groups;

/// <summary>An assignment strategy and the member's subscription in its form. The broker does not look inside.</summary>
internal sealed record GroupProtocol(string Name, byte[] Metadata);
