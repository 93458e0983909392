namespace Kappa.Iot.Detection.Training;

/// <summary>The data cannot give a model; the message says what is wrong with it and what would help.</summary>
public sealed class TrainingException : Exception
{
    public TrainingException(string message) : base(message)
    {
    }

    public TrainingException()
    {
    }

    public TrainingException(string message, Exception innerException) : base(message, innerException)
    {
    }
}
