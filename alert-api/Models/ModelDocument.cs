using System.ComponentModel;
using Kappa.Iot.Contracts;

namespace Kappa.Iot.AlertApi.Models;

/// <summary>A version of a model, with where it came from.</summary>
public sealed record ModelDocument
{
    public required string Id { get; init; }

    public required string Profile { get; init; }

    public required string Detector { get; init; }

    [Description("True: it scores its profile's vehicles now.")]
    public bool Active { get; init; }

    public DateTimeOffset? PromotedAt { get; init; }

    public string? PromotedBy { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required string CreatedBy { get; init; }

    public required IReadOnlyDictionary<string, double?> Metrics { get; init; }

    public required IReadOnlyDictionary<string, string> Parameters { get; init; }

    public ModelLineage? Lineage { get; init; }

    [Description("Size of the model's bytes.")]
    public ulong SizeBytes { get; init; }

    internal static ModelDocument From(ModelVersion version, ActiveModel? active) => new()
    {
        Id = version.ModelId,
        Profile = version.Profile,
        Detector = version.Detector,
        Active = active?.ModelId == version.ModelId,
        PromotedAt = active?.ModelId == version.ModelId ? DateTimeOffset.FromUnixTimeMilliseconds(active.PromotedAtMs) : null,
        PromotedBy = active?.ModelId == version.ModelId ? active.PromotedBy : null,
        CreatedAt = DateTimeOffset.FromUnixTimeMilliseconds(version.CreatedAtMs),
        CreatedBy = version.CreatedBy,
        // JSON has no infinities.
        Metrics = version.Metrics.ToDictionary(m => m.Key, m => double.IsFinite(m.Value) ? (double?)m.Value : null),
        Parameters = version.Parameters.ToDictionary(),
        Lineage = version.Lineage is null ? null : ModelLineage.From(version.Lineage),
        SizeBytes = version.Artifact?.SizeBytes ?? 0,
    };
}
