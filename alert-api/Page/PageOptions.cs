using System.ComponentModel.DataAnnotations;

namespace Kappa.Iot.AlertApi.Page;

/// <summary>How the dashboard is served; section <c>Page</c>.</summary>
public sealed record PageOptions : IValidatableObject
{
    public const string Section = "Page";

    /// <summary>Folder of the built dashboard; by default <c>wwwroot</c> beside the program.</summary>
    public string? Root { get; init; }

    /// <summary>Map tiles drawn over the built-in map, such as <c>https://tiles.example.org/{z}/{x}/{y}.png</c>. Without it the page asks nothing of any other host.</summary>
    public string? TilesUrl { get; init; }

    /// <summary>Whom to thank for the tiles; shown on the map.</summary>
    public string? TilesAttribution { get; init; }

    /// <summary>Other origins, such as <c>https://fleet.example.org</c>, whose pages may use the API from a browser. By default none may.</summary>
    public IReadOnlyList<string> AllowedOrigins { get; init; } = [];

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Root is not null && !Directory.Exists(Root))
            yield return new($"Page:Root is '{Root}', which is not a folder. Build the dashboard (npm run build) or leave the setting out.", [nameof(Root)]);
        if (TilesUrl is not null && (TilesOrigin is null || !TilesUrl.Contains("{z}") || !TilesUrl.Contains("{x}") || !TilesUrl.Contains("{y}")))
            yield return new($"Page:TilesUrl is '{TilesUrl}': give an http(s) address with {{z}}, {{x}} and {{y}}.", [nameof(TilesUrl)]);
        foreach (var origin in AllowedOrigins.Where(o => !Uri.TryCreate(o, UriKind.Absolute, out var uri) || uri.GetLeftPart(UriPartial.Authority) != o))
            yield return new($"Page:AllowedOrigins has '{origin}': give scheme, host and port only, such as https://fleet.example.org.", [nameof(AllowedOrigins)]);
    }

    /// <summary>Scheme and host of the tiles, for the page's content security policy.</summary>
    internal string? TilesOrigin =>
        TilesUrl is not null && Uri.TryCreate(TilesUrl.Replace("{s}", "a").Replace("{z}", "0").Replace("{x}", "0").Replace("{y}", "0"), UriKind.Absolute, out var uri)
        && uri.Scheme is "http" or "https" ? TilesUrl.Contains("{s}.") ? $"{uri.Scheme}://*{uri.Authority[1..]}" : uri.GetLeftPart(UriPartial.Authority) : null;
}
