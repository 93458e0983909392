using System.ComponentModel.DataAnnotations;

namespace Kappa.Iot.ServiceDefaults;

/// <summary>How a service ends; section <c>Shutdown</c>.</summary>
internal sealed record ShutdownOptions : IValidatableObject
{
    public const string Section = "Shutdown";

    /// <summary>How long the service may take to end its work when it is told to stop.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(25);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Timeout < TimeSpan.Zero || Timeout > TimeSpan.FromHours(1))
            yield return new($"Shutdown:Timeout is {Timeout}: give a time from 00:00:00 to 01:00:00 (a bare number is days; half a minute is 00:00:30).", [nameof(Timeout)]);
    }
}
