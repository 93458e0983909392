using System.ComponentModel.DataAnnotations;

namespace Kappa.Iot.ScoringService;

/// <summary>Section <c>Models</c> of the settings.</summary>
public sealed record ModelOptions
{
    public const string Section = "Models";

    /// <summary>
    /// Profiles, separated by commas, each of which must have an active model before the first batch is read: their telemetry is then
    /// scored from the log's beginning. What comes of other profiles before their first model is counted as unscored.
    /// </summary>
    public string WaitFor { get; init; } = "";

    /// <summary>
    /// How far back a model that is promoted without a trial reads its vehicles' telemetry before it takes over from the one before; the
    /// longest span that detectors look back on is half an hour. Zero: it takes over at once, with empty windows.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")] public TimeSpan WarmUp { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>
    /// Whether a profile's first model, before it takes over, scores what came before it, from the first batch that is still on the log. Without
    /// this it scores what comes from then on.
    /// </summary>
    public bool Rewind { get; init; } = true;

    internal IReadOnlyList<string> WaitedFor => WaitFor.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
