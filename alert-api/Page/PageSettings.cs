using System.ComponentModel;

namespace Kappa.Iot.AlertApi.Page;

/// <summary>What the dashboard is told of its server's settings.</summary>
public sealed record PageSettings(
    [property: Description("Address of map tiles; null: the built-in map only.")] string? TilesUrl,
    string? TilesAttribution);
