using System.Security.Cryptography;
using Kappa.Iot.Embedded.Protocol;

namespace Kappa.Iot.Embedded.Security;

/// <summary>How far a connection has come with its login. Until it is through, nothing else is answered.</summary>
internal sealed class SaslSession(SaslUsers users)
{
    private SaslExchange? _exchange;

    public bool IsOpen { get; private set; } = !users.Required;

    /// <summary>After a handshake of version 0, tokens come as bare frames, without request headers.</summary>
    public bool ExpectsBareToken { get; private set; }

    /// <summary>The login failed: the connection is closed when the client has been told.</summary>
    public bool Failed { get; private set; }

    public string User => _exchange?.User ?? "";

    public bool Allows(ApiKey key) => IsOpen || key is ApiKey.ApiVersions or ApiKey.SaslHandshake or ApiKey.SaslAuthenticate;

    public ErrorCode Begin(string mechanism, short version)
    {
        if (IsOpen || _exchange is not null)
            return ErrorCode.IllegalSaslState;

        _exchange = mechanism switch
        {
            "PLAIN" => new PlainExchange(users),
            "SCRAM-SHA-256" => new ScramExchange(users, HashAlgorithmName.SHA256),
            "SCRAM-SHA-512" => new ScramExchange(users, HashAlgorithmName.SHA512),
            _ => null,
        };
        Failed = _exchange is null;
        ExpectsBareToken = version == 0 && !Failed;
        return Failed ? ErrorCode.UnsupportedSaslMechanism : ErrorCode.None;
    }

    public (ErrorCode Error, string? Message, byte[] Token) Continue(ReadOnlySpan<byte> token)
    {
        if (IsOpen || _exchange is null)
            return (ErrorCode.IllegalSaslState, IsOpen ? "No login is expected now." : "SaslHandshake comes first.", []);

        var answer = _exchange.Next(token);
        Failed = answer is null;
        IsOpen = _exchange.Succeeded;
        ExpectsBareToken &= !IsOpen;
        return answer is null
            ? (ErrorCode.SaslAuthenticationFailed, "Authentication failed: wrong user name or password.", [])
            : (ErrorCode.None, null, answer);
    }
}
