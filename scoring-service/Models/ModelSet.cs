using System.Collections.Immutable;
using Kappa.Iot.Detection;

namespace Kappa.Iot.ScoringService;

/// <summary>The models that score at one point of the log.</summary>
/// <param name="Active">One a profile.</param>
/// <param name="Shadows">Those on trial, by profile, each profile's in the order of their ids; no profile without any.</param>
internal sealed record ModelSet(ImmutableDictionary<string, IDetector> Active, ImmutableDictionary<string, ImmutableArray<IDetector>> Shadows)
{
    public static readonly ModelSet Empty = new(
        ImmutableDictionary.Create<string, IDetector>(StringComparer.Ordinal), ImmutableDictionary.Create<string, ImmutableArray<IDetector>>(StringComparer.Ordinal));

    public IDetector? ActiveOf(string profile) => Active.GetValueOrDefault(profile);

    public ImmutableArray<IDetector> ShadowsOf(string profile) => Shadows.GetValueOrDefault(profile, []);

    /// <summary>The same with another set of models on trial for a profile.</summary>
    public ModelSet WithShadows(string profile, IEnumerable<IDetector> models)
    {
        var ordered = models.OrderBy(model => model.ModelId, StringComparer.Ordinal).ToImmutableArray();
        return this with { Shadows = ordered.IsEmpty ? Shadows.Remove(profile) : Shadows.SetItem(profile, ordered) };
    }
}
