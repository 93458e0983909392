namespace Kappa.Iot.Embedded.Groups;

/// <summary>An assignment strategy and the member's subscription in its form. The broker looks inside only to see who reads a topic.</summary>
internal sealed record GroupProtocol(string Name, byte[] Metadata);
