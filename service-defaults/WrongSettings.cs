using Microsoft.Extensions.Options;

namespace Kappa.Iot.ServiceDefaults;

/// <summary>What the check of the settings at start found, of all sections.</summary>
internal static class WrongSettings
{
    private const string Prefix = " with the error: '";

    public static IReadOnlyList<string> Of(Exception e) => e switch
    {
        OptionsValidationException one => [.. one.Failures.Select(InItsOwnWords)],
        AggregateException several => [.. several.InnerExceptions.SelectMany(Of)],
        _ => [],
    };

    /// <summary>Our messages name the setting; what the validator puts around them names classes.</summary>
    private static string InItsOwnWords(string failure)
    {
        var at = failure.IndexOf(Prefix, StringComparison.Ordinal);
        return at < 0 ? failure : failure[(at + Prefix.Length)..].TrimEnd('.').TrimEnd('\'');
    }
}
