using System.ComponentModel.DataAnnotations;
using Kappa.Iot.Twins;

namespace Kappa.Iot.AlertApi.Vehicles;

/// <summary>Where the twins are; section <c>Twins</c>.</summary>
public sealed record TwinsOptions : IValidatableObject
{
    public const string Section = "Twins";

    /// <summary><c>sqlite:PATH</c> or <c>mongodb://HOST:PORT/DATABASE</c>: the same as the sink's.</summary>
    [Required(AllowEmptyStrings = false, ErrorMessage = "Twins:ConnectionString is missing: give sqlite:PATH or mongodb://HOST:PORT/DATABASE, the same as the sink's.")]
    public string ConnectionString { get; init; } = "sqlite:.data/twins.db";

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        string? wrong = null;
        try
        {
            // Opening only reads the address; the store is reached for when it is first used.
            _ = TwinStore.Open(ConnectionString);
        }
        catch (ArgumentException e)
        {
            wrong = e.Message;
        }

        if (wrong is not null) yield return new($"Twins:ConnectionString: {wrong}", [nameof(ConnectionString)]);
    }
}
