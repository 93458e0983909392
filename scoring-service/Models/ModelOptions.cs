namespace Kappa.Iot.ScoringService;

/// <summary>Section <c>Models</c> of the settings.</summary>
public sealed record ModelOptions
{
    public const string Section = "Models";

    /// <summary>
    /// Profiles, separated by commas, each of which must have an active model before the first batch is read: their telemetry is then
    /// scored from the log's beginning. Without this, what comes before a profile's first model is counted as unscored.
    /// </summary>
    public string WaitFor { get; init; } = "";

    internal IReadOnlyList<string> WaitedFor => WaitFor.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
