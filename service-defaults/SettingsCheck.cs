using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Kappa.Iot.ServiceDefaults;

/// <summary>Checks settings by their data annotations. Every message names its setting as people write it, <c>Section:Name</c>.</summary>
internal sealed class SettingsCheck<T>(string section) : IValidateOptions<T> where T : class
{
    public ValidateOptionsResult Validate(string? name, T options)
    {
        var wrong = new List<ValidationResult>();
        return Validator.TryValidateObject(options, new ValidationContext(options), wrong, validateAllProperties: true)
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail(wrong.Select(result => Named(result, options)));
    }

    /// <summary>Our own messages do it already; those of bare attributes know the property only.</summary>
    private string Named(ValidationResult result, T options)
    {
        if (result.ErrorMessage!.StartsWith(section + ":", StringComparison.Ordinal)) return result.ErrorMessage;
        return result.MemberNames.FirstOrDefault() is { } member
            ? $"{section}:{member} is '{typeof(T).GetProperty(member)?.GetValue(options)}'. {result.ErrorMessage}"
            : $"{section}: {result.ErrorMessage}";
    }
}
