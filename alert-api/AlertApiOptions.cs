using System.ComponentModel.DataAnnotations;

namespace Kappa.Iot.AlertApi;

/// <summary>What the API keeps in memory and how often it tells; section <c>AlertApi</c>.</summary>
public sealed record AlertApiOptions : IValidatableObject
{
    public const string Section = "AlertApi";

    /// <summary>How much of every vehicle's signals and scores is kept to be shown.</summary>
    public TimeSpan History { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>Memory for the signals of all vehicles together, bytes. With too many vehicles for it, each is kept for a shorter time.</summary>
    [Range(1L << 20, 1L << 36, ErrorMessage = "AlertApi:HistoryBytes must be from 1 MiB to 64 GiB.")]
    public long HistoryBytes { get; init; } = 256L << 20;

    /// <summary>Vehicles of which position, presence and score are kept.</summary>
    [Range(1, 10_000_000)]
    public int MaxVehicles { get; init; } = 250_000;

    /// <summary>Cleared alerts that are kept; open ones are always all there.</summary>
    [Range(1, 1_000_000)]
    public int MaxClearedAlerts { get; init; } = 10_000;

    /// <summary>How often positions and figures are pushed. Alerts do not wait for it.</summary>
    public TimeSpan PushInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long the log may take to store a person's action.</summary>
    public TimeSpan ActionTimeout { get; init; } = TimeSpan.FromSeconds(10);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (History < TimeSpan.FromMinutes(1) || History > TimeSpan.FromDays(1))
            yield return new($"AlertApi:History is {History}: give a time from 00:01:00 to 1.00:00:00.", [nameof(History)]);
        if (PushInterval < TimeSpan.FromMilliseconds(50) || PushInterval > TimeSpan.FromMinutes(1))
            yield return new($"AlertApi:PushInterval is {PushInterval}: give a time from 00:00:00.050 to 00:01:00.", [nameof(PushInterval)]);
        if (ActionTimeout < TimeSpan.FromSeconds(1) || ActionTimeout > TimeSpan.FromMinutes(5))
            yield return new($"AlertApi:ActionTimeout is {ActionTimeout}: give a time from 00:00:01 to 00:05:00.", [nameof(ActionTimeout)]);
    }
}
