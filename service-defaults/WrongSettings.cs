using Microsoft.Extensions.Options;

namespace Kappa.Iot.ServiceDefaults;

/// <summary>What the check of the settings at start found, of all sections.</summary>
internal static class WrongSettings
{
    public static IReadOnlyList<string> Of(Exception e) => e switch
    {
        OptionsValidationException one => [.. one.Failures],
        AggregateException several => [.. several.InnerExceptions.SelectMany(Of)],
        _ => [],
    };
}
