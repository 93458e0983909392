namespace Kappa.Iot.Embedded.Security;

/// <summary>A login in progress.</summary>
internal abstract class SaslExchange
{
    /// <summary>The name that the client goes by, once it has said so; not to be trusted before <see cref="Succeeded"/>.</summary>
    public string User { get; protected set; } = "";

    public bool Succeeded { get; protected set; }

    /// <summary>Takes the client's next token.</summary>
    /// <returns>The answer to it, or null: the login has failed.</returns>
    public abstract byte[]? Next(ReadOnlySpan<byte> token);
}
