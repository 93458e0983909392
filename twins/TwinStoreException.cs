namespace Kappa.Iot.Twins;

/// <summary>The twin store cannot be reached, or refuses. Trying again later may help; the message says what to look at.</summary>
public sealed class TwinStoreException : Exception
{
    public TwinStoreException(string message, Exception innerException) : base(message, innerException) { }

    public TwinStoreException(string message) : base(message) { }

    public TwinStoreException() { }
}
