using Kappa.Iot.Embedded.Protocol;

namespace Kappa.Iot.Embedded.Groups;

/// <summary>The topics in a consumer's metadata: the one place where the broker looks inside.</summary>
internal static class ConsumerSubscription
{
    public const string ProtocolType = "consumer";

    /// <returns>Whether a member reads a topic; true where its metadata cannot be read.</returns>
    public static bool Includes(GroupMember member, string topic) => member.Protocols.Any(p => Includes(p.Metadata, topic));

    private static bool Includes(byte[] metadata, string topic)
    {
        var reader = new RequestReader();
        reader.Reset(metadata);
        try
        {
            reader.Int16();
            return reader.StringArray().Contains(topic);
        }
        catch (MalformedRequestException)
        {
            return true;
        }
    }
}
