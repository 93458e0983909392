using System.ComponentModel.DataAnnotations;

namespace Kappa.Iot.Twins;

/// <summary>Where the twins are; section <c>Twins</c> of the settings of every service that uses them.</summary>
public sealed record TwinOptions : IValidatableObject
{
    public const string Section = "Twins";

    /// <summary><c>sqlite:PATH</c> or <c>mongodb://…</c>. Without it, a file among this user's application data, the same for every service.</summary>
    public string ConnectionString { get; init; } = "sqlite:" + Path.Combine(
        Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData), "kappa-iot", "twins.db");

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) =>
        TwinStore.Check(ConnectionString) is { } error ? [new ValidationResult($"Twins:ConnectionString: {error}", [nameof(ConnectionString)])] : [];
}
