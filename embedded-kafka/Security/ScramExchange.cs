using System.Security.Cryptography;
using System.Text;

namespace Kappa.Iot.Embedded.Security;

/// <summary>SCRAM (RFC 5802, RFC 7677), without channel binding: the password itself never travels.</summary>
internal sealed class ScramExchange(SaslUsers users, HashAlgorithmName hash) : SaslExchange
{
    private ScramCredential? _credential;
    private string _header = "";
    private string _firstMessages = "";
    private string _nonce = "";

    public override byte[]? Next(ReadOnlySpan<byte> token)
    {
        var message = Encoding.UTF8.GetString(token);
        return _credential is null ? First(message) : Final(message, _credential);
    }

    /// <summary><c>n,,n=NAME,r=NONCE</c>: the client says who it is.</summary>
    private byte[]? First(string message)
    {
        var fields = message.Split(',');
        if (fields.Length < 4 || fields[0] is not ("n" or "y") || !fields[2].StartsWith("n=", StringComparison.Ordinal) || !fields[3].StartsWith("r=", StringComparison.Ordinal))
            return null;

        User = fields[2][2..].Replace("=2C", ",", StringComparison.Ordinal).Replace("=3D", "=", StringComparison.Ordinal);
        if (fields[1].Length > 0 && fields[1] != "a=" + fields[2][2..])
            return null;

        _header = $"{fields[0]},{fields[1]},";
        _nonce = fields[3][2..] + Convert.ToBase64String(RandomNumberGenerator.GetBytes(24));
        _credential = users.Find(User, hash);
        var answer = $"r={_nonce},s={Convert.ToBase64String(_credential.Salt)},i={ScramCredential.Iterations}";
        _firstMessages = $"{message[_header.Length..]},{answer}";
        return Encoding.UTF8.GetBytes(answer);
    }

    /// <summary><c>c=HEADER,r=NONCE,p=PROOF</c>: the client shows that it knows the password.</summary>
    private byte[]? Final(string message, ScramCredential credential)
    {
        var proofAt = message.LastIndexOf(",p=", StringComparison.Ordinal);
        if (Succeeded || proofAt < 0)
            return null;

        var withoutProof = message[..proofAt];
        var proof = new byte[128];
        var expected = $"c={Convert.ToBase64String(Encoding.UTF8.GetBytes(_header))},r={_nonce}";
        var authMessage = Encoding.UTF8.GetBytes($"{_firstMessages},{withoutProof}");
        if ((withoutProof != expected && !withoutProof.StartsWith(expected + ",", StringComparison.Ordinal))
            || !Convert.TryFromBase64String(message[(proofAt + 3)..], proof, out var length)
            || !credential.IsProof(proof[..length], authMessage))
            return null;

        Succeeded = true;
        return Encoding.UTF8.GetBytes("v=" + Convert.ToBase64String(credential.Sign(authMessage)));
    }
}
