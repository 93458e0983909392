using System.ComponentModel;
using Kappa.Iot.Contracts;

namespace Kappa.Iot.AlertApi.Models;

/// <summary>What a model was trained on.</summary>
public sealed record ModelLineage(
    [property: Description("Topic, or folder of traces.")] string Source,
    DateTimeOffset FromTime,
    DateTimeOffset ToTime,
    ulong Vehicles,
    ulong Batches,
    string CodeVersion,
    string? ParentModelId,
    [property: Description("Hash of what was read.")] string DataFingerprint)
{
    internal static ModelLineage From(Lineage lineage) => new(
        lineage.Source, DateTimeOffset.FromUnixTimeMilliseconds(lineage.FromMs), DateTimeOffset.FromUnixTimeMilliseconds(lineage.ToMs),
        lineage.Vehicles, lineage.Batches, lineage.CodeVersion, lineage.ParentModelId is "" ? null : lineage.ParentModelId, lineage.DataFingerprint);
}
