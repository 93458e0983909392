using System.ComponentModel;

namespace Kappa.Iot.AlertApi.Alerts;

/// <summary>A page of alerts.</summary>
public sealed record AlertPage(
    IReadOnlyList<AlertDocument> Alerts,
    [property: Description("Ask with after= this for the next page; null: this is the last one.")] string? Next);
