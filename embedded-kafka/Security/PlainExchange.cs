using System.Text;

namespace Kappa.Iot.Embedded.Security;

/// <summary>PLAIN (RFC 4616): name and password in one message.</summary>
internal sealed class PlainExchange(SaslUsers users) : SaslExchange
{
    public override byte[]? Next(ReadOnlySpan<byte> token)
    {
        var parts = Encoding.UTF8.GetString(token).Split('\0');
        if (parts is not [var actingAs, var user, var password])
            return null;

        User = user;
        // Nobody may act for somebody else.
        if ((actingAs.Length > 0 && actingAs != user) || !users.HasPassword(user, password))
            return null;

        Succeeded = true;
        return [];
    }
}
