using System.ComponentModel.DataAnnotations;

namespace Kappa.Iot.IngestGateway;

/// <summary>Which telemetry is believed; section <c>Telemetry</c>.</summary>
public sealed record TelemetryOptions : IValidatableObject
{
    public const string Section = "Telemetry";

    /// <summary>Samples in one batch.</summary>
    public int MaxSamples { get; init; } = 600;

    /// <summary>How far a vehicle's clock may be ahead of the gateway's.</summary>
    public TimeSpan MaxClockLead { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Most time between two samples.</summary>
    public TimeSpan MaxSampleInterval { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Start times before this are a clock that was never set.</summary>
    public DateTimeOffset Earliest { get; init; } = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (MaxSamples is < 1 or > 100_000) yield return new ValidationResult($"Telemetry:MaxSamples is {MaxSamples}; it must be between 1 and 100000.");
        if (MaxClockLead < TimeSpan.Zero) yield return new ValidationResult($"Telemetry:MaxClockLead is {MaxClockLead}; it must not be negative.");
        if (MaxSampleInterval < TimeSpan.FromMilliseconds(1) || MaxSampleInterval > TimeSpan.FromDays(1))
            yield return new ValidationResult($"Telemetry:MaxSampleInterval is {MaxSampleInterval}; it must be between 00:00:00.001 and 1.00:00:00.");
    }
}
