namespace Kappa.Iot.Streaming.Models;

/// <summary>The registry does not have what was asked for, or what it has is not whole; the message says which and what to do.</summary>
public sealed class ModelRegistryException : Exception
{
    public ModelRegistryException(string message) : base(message)
    {
    }

    public ModelRegistryException()
    {
    }

    public ModelRegistryException(string message, Exception innerException) : base(message, innerException)
    {
    }
}
