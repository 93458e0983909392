namespace Kappa.Iot.Embedded.Groups;

/// <summary>An assignment strategy and the member's subscription in its form. The broker looks inside only to see who reads a topic.</summary>
internal sealed record GroupProtocol(string Name, byte[] Metadata)
{
    /// <summary>Bytes of memory, roughly.</summary>
    public static long SizeOf(IEnumerable<GroupProtocol> protocols) => protocols.Sum(p => 128L + 2 * p.Name.Length + p.Metadata.Length);
}
