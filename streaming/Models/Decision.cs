namespace Kappa.Iot.Streaming.Models;

/// <summary>Who decided something about a model, and when.</summary>
/// <param name="By">Who.</param>
/// <param name="At">When.</param>
public sealed record Decision(string By, DateTimeOffset At)
{
    /// <summary>Account and host that it was done under, as <c>user@host</c>.</summary>
    public string Account { get; init; } = $"{Environment.UserName}@{Environment.MachineName}";

    /// <summary>Why, in words.</summary>
    public string Reason { get; init; } = "";

    /// <summary>Done although a comparison with the active model said no.</summary>
    public bool Forced { get; init; }
}
