namespace Kappa.Iot.ScoringService;

/// <summary>A generation cannot be deleted while it is written; the message says by whom.</summary>
public sealed class GenerationInUseException : Exception
{
    public GenerationInUseException(string message) : base(message)
    {
    }

    public GenerationInUseException()
    {
    }

    public GenerationInUseException(string message, Exception innerException) : base(message, innerException)
    {
    }
}
