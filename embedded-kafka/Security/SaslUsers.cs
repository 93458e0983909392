using System.Security.Cryptography;
using System.Text;

namespace Kappa.Iot.Embedded.Security;

/// <summary>Who may connect. Only salted keys of the passwords are kept.</summary>
internal sealed class SaslUsers
{
    public static readonly IReadOnlyList<string> Mechanisms = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"];

    private readonly Dictionary<string, (ScramCredential Sha256, ScramCredential Sha512)> _users = new(StringComparer.Ordinal);
    private readonly byte[] _saltOfNobody = [];

    public SaslUsers(IReadOnlyDictionary<string, string> passwords)
    {
        // Without users the cryptography is not even loaded, which is a good part of the time to start.
        if (passwords.Count > 0)
            _saltOfNobody = RandomNumberGenerator.GetBytes(32);
        foreach (var (name, password) in passwords)
        {
            _users[name] = (
                ScramCredential.Create(HashAlgorithmName.SHA256, password, RandomNumberGenerator.GetBytes(16)),
                ScramCredential.Create(HashAlgorithmName.SHA512, password, RandomNumberGenerator.GetBytes(16)));
        }
    }

    /// <summary>Whether clients have to say who they are.</summary>
    public bool Required => _users.Count > 0;

    public bool HasPassword(string user, string password) => Find(user, HashAlgorithmName.SHA256).Matches(password) && _users.ContainsKey(user);

    /// <summary>A user's keys. A name that does not exist gets keys that no password fits, and always the same salt, as a real one would.</summary>
    public ScramCredential Find(string user, HashAlgorithmName hash)
    {
        if (_users.TryGetValue(user, out var keys))
            return hash == HashAlgorithmName.SHA512 ? keys.Sha512 : keys.Sha256;

        var salt = HMACSHA256.HashData(_saltOfNobody, Encoding.UTF8.GetBytes(user))[..16];
        var size = hash == HashAlgorithmName.SHA512 ? 64 : 32;
        return new ScramCredential(hash, salt, RandomNumberGenerator.GetBytes(size), RandomNumberGenerator.GetBytes(size));
    }
}
