using System.CommandLine;

namespace Kappa.Iot.ScoringService.Commands;

/// <summary>Names of generations as arguments.</summary>
internal static class GenerationName
{
    public const string Rule = "Small letters, digits and dashes, such as g2; 'live' is what the service writes.";

    /// <summary>Says why a name cannot be one; null where it can.</summary>
    public static string? Wrong(string name) => GenerationNames.IsValid(name) ? null : $"'{name}' cannot be the name of a generation. {Rule}";

    public static Argument<string> Argument(string name, string description, bool allowLive = false)
    {
        var argument = new Argument<string>(name) { Description = description };
        argument.Validators.Add(result =>
        {
            var given = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
            if ((!allowLive || given != GenerationNames.LiveName) && Wrong(given) is { } wrong) result.AddError(wrong);
        });
        return argument;
    }
}
