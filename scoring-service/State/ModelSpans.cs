using Kappa.Iot.Contracts;

namespace Kappa.Iot.ScoringService;

/// <summary>Which models scored a stretch of one partition, active and on trial: what must be known to fold it again. For one thread at a time.</summary>
internal sealed class ModelSpans
{
    /// <summary>In place of a model's id: from here on there is none.</summary>
    private const string None = "";

    private readonly List<ModelSpan> _active = [];
    private readonly List<ShadowSpan> _shadows = [];

    public IReadOnlyList<ModelSpan> Active => _active;

    public IReadOnlyList<ShadowSpan> Shadows => _shadows;

    /// <summary>Profile and id of each model that has a part in it.</summary>
    public IEnumerable<(string Profile, string ModelId)> Models => _active.Where(span => span.ModelId != None).Select(span => (span.Profile, span.ModelId))
        .Concat(_shadows.SelectMany(span => span.ModelIds.Select(id => (span.Profile, id)))).Distinct();

    public void Add(ScoringCheckpoint checkpoint)
    {
        _active.AddRange(checkpoint.Models);
        _shadows.AddRange(checkpoint.Shadows);
    }

    /// <summary>The active model of a profile at an offset; null where there was none.</summary>
    public string? ActiveAt(string profile, long offset) =>
        _active.FindLast(span => span.FromOffset <= offset && span.Profile == profile) is { ModelId: not None } span ? span.ModelId : null;

    /// <summary>The models on trial for a profile at an offset.</summary>
    public IReadOnlyList<string> ShadowsAt(string profile, long offset) =>
        _shadows.FindLast(span => span.FromOffset <= offset && span.Profile == profile)?.ModelIds ?? (IReadOnlyList<string>)[];

    /// <summary>Notes which models score from an offset on; profiles that are not named have none.</summary>
    public void Switch(ModelSet models, long fromOffset)
    {
        foreach (var profile in models.Active.Keys.Concat(_active.Select(span => span.Profile)).Distinct().Order(StringComparer.Ordinal).ToList())
        {
            var modelId = models.ActiveOf(profile)?.ModelId ?? None;
            if ((ActiveAt(profile, fromOffset) ?? None) != modelId) _active.Add(new ModelSpan { Profile = profile, ModelId = modelId, FromOffset = fromOffset });
        }

        foreach (var profile in models.Shadows.Keys.Concat(_shadows.Select(span => span.Profile)).Distinct().Order(StringComparer.Ordinal).ToList())
        {
            var ids = models.ShadowsOf(profile).Select(model => model.ModelId).ToList();
            if (!ShadowsAt(profile, fromOffset).SequenceEqual(ids)) _shadows.Add(new ShadowSpan { Profile = profile, ModelIds = { ids }, FromOffset = fromOffset });
        }
    }

    /// <summary>Notes that a model scores from an offset on and had read along before.</summary>
    public void TakeOver(WarmUp warmUp, long offset)
    {
        if (_active.Find(known => known.Profile == warmUp.Profile && known.FromOffset == offset && known.ModelId == warmUp.Model.ModelId) is not { } span)
            _active.Add(span = new ModelSpan { Profile = warmUp.Profile, ModelId = warmUp.Model.ModelId, FromOffset = offset });
        span.WarmedFrom = warmUp.From;
    }

    /// <summary>Forgets what only scored batches before an offset.</summary>
    public void ForgetBefore(long offset)
    {
        var (active, shadows) = (_active.ToList(), _shadows.ToList());
        _active.RemoveAll(span => active.Exists(later => later.Profile == span.Profile && later.FromOffset > span.FromOffset && later.FromOffset <= offset));
        _shadows.RemoveAll(span => shadows.Exists(later => later.Profile == span.Profile && later.FromOffset > span.FromOffset && later.FromOffset <= offset));
    }
}
