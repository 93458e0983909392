namespace Kappa.Iot.Terminal;

/// <summary>A command cannot do what was asked; the message goes to the person as it is, the exit code is 1.</summary>
public sealed class CommandException : Exception
{
    public CommandException(string message) : base(message)
    {
    }

    public CommandException()
    {
    }

    public CommandException(string message, Exception innerException) : base(message, innerException)
    {
    }
}
