using System.Security.Cryptography;
using System.Text;

namespace Kappa.Iot.Embedded.Security;

/// <summary>What the server keeps of a password (RFC 5802): it can check proofs with it, and cannot log in anywhere with it.</summary>
internal sealed record ScramCredential(HashAlgorithmName Hash, byte[] Salt, byte[] StoredKey, byte[] ServerKey)
{
    /// <summary>RFC 7677 asks for at least this many.</summary>
    public const int Iterations = 4096;

    public static ScramCredential Create(HashAlgorithmName hash, string password, byte[] salt)
    {
        var salted = SaltedPassword(hash, password, salt);
        var clientKey = CryptographicOperations.HmacData(hash, salted, "Client Key"u8.ToArray());
        return new ScramCredential(
            hash, salt, CryptographicOperations.HashData(hash, clientKey), CryptographicOperations.HmacData(hash, salted, "Server Key"u8.ToArray()));
    }

    /// <summary>Whether this is the password (PLAIN sends it as it is).</summary>
    public bool Matches(string password) => CryptographicOperations.FixedTimeEquals(Create(Hash, password, Salt).StoredKey, StoredKey);

    /// <summary>Whether a client's proof shows that it knows the password.</summary>
    public bool IsProof(byte[] proof, byte[] authMessage)
    {
        if (proof.Length != StoredKey.Length)
            return false;

        var clientKey = CryptographicOperations.HmacData(Hash, StoredKey, authMessage);
        for (var i = 0; i < clientKey.Length; i++)
            clientKey[i] ^= proof[i];
        return CryptographicOperations.FixedTimeEquals(CryptographicOperations.HashData(Hash, clientKey), StoredKey);
    }

    /// <summary>Shows the client that the server knows its password too.</summary>
    public byte[] Sign(byte[] authMessage) => CryptographicOperations.HmacData(Hash, ServerKey, authMessage);

    private static byte[] SaltedPassword(HashAlgorithmName hash, string password, byte[] salt) =>
        Rfc2898DeriveBytes.Pbkdf2(Encoding.UTF8.GetBytes(password), salt, Iterations, hash, hash == HashAlgorithmName.SHA512 ? 64 : 32);
}
