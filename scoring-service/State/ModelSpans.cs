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

    /// <summary>Whether a profile has had a model, be it that it has none any more.</summary>
    public bool Has(string profile)
    {
        foreach (var span in _active)
        {
            if (span.Profile == profile) return true;
        }

        return false;
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
            if ((ActiveAt(profile, fromOffset) ?? None) != modelId) _active.Add(new ModelSpan { Profile = profile, ModelId = modelId, FromOffset = fromOffset, Silent = modelId != None });
        }

        foreach (var profile in models.Shadows.Keys.Concat(_shadows.Select(span => span.Profile)).Distinct().Order(StringComparer.Ordinal).ToList())
        {
            var ids = models.ShadowsOf(profile).Select(model => model.ModelId).ToList();
            if (!ShadowsAt(profile, fromOffset).SequenceEqual(ids)) _shadows.Add(new ShadowSpan { Profile = profile, ModelIds = { ids }, FromOffset = fromOffset });
        }
    }

    /// <summary>Notes that a model scores from an offset on and had read along before, or scored what came before it.</summary>
    /// <param name="warmUp">The model.</param>
    /// <param name="offset">The first that it scores as it comes.</param>
    /// <param name="rewound">What it has told of how it began, where it scored what came before it.</param>
    public void TakeOver(WarmUp warmUp, long offset, ModelSpan? rewound = null)
    {
        if (_active.Find(known => known.Profile == warmUp.Profile && known.FromOffset == offset && known.ModelId == warmUp.Model.ModelId) is not { } span)
            _active.Add(span = new ModelSpan { Profile = warmUp.Profile, ModelId = warmUp.Model.ModelId, FromOffset = offset, Silent = true });
        if (rewound is null)
        {
            span.WarmedFrom = warmUp.From;
            return;
        }

        span.Silent = rewound.Silent;
        if (rewound.HasFailedAt) span.FailedAt = rewound.FailedAt;
    }

    /// <summary>Notes that a batch could not be scored: where its model has not scored any yet, its first score tells that it had begun by then.</summary>
    public void Failed(string profile, long offset)
    {
        if (SilentAt(profile, offset) is { } span) Failed(span, offset);
    }

    /// <summary>Where a score is the first of its model, lets it tell how that began. In the order of the log, of every score of an active model, whether it is written or not.</summary>
    public void Announce(Score score)
    {
        if (SilentAt(score.Profile, score.TelemetryOffset) is { } span) Announce(span, score);
    }

    /// <summary>The same for a model that scores what came before it.</summary>
    internal static void Failed(ModelSpan span, long offset)
    {
        if (span is { Silent: true, HasFailedAt: false }) span.FailedAt = offset;
    }

    /// <inheritdoc cref="Failed(ModelSpan, long)"/>
    internal static void Announce(ModelSpan span, Score score)
    {
        if (!span.Silent) return;
        span.Silent = false;
        if (span.HasWarmedFrom) score.WarmedFrom = span.WarmedFrom;
        if (span.HasFailedAt) score.BegunAt = span.FailedAt;
        span.ClearFailedAt();
    }

    /// <summary>Forgets what only scored batches before an offset.</summary>
    public void ForgetBefore(long offset)
    {
        var (active, shadows) = (_active.ToList(), _shadows.ToList());
        _active.RemoveAll(span => active.Exists(later => later.Profile == span.Profile && later.FromOffset > span.FromOffset && later.FromOffset <= offset));
        _shadows.RemoveAll(span => shadows.Exists(later => later.Profile == span.Profile && later.FromOffset > span.FromOffset && later.FromOffset <= offset));
    }

    private ModelSpan? SilentAt(string profile, long offset)
    {
        for (var i = _active.Count - 1; i >= 0; i--)
        {
            if (_active[i].FromOffset <= offset && _active[i].Profile == profile) return _active[i].Silent ? _active[i] : null;
        }

        return null;
    }
}
