using Kappa.Iot.Contracts;

namespace Kappa.Iot.ScoringService;

/// <summary>Which models scored a partition live, put together from its scores in the order of the log: each names its model and its offset.</summary>
internal sealed class LiveSpans(OffsetRange telemetry)
{
    private readonly List<ModelSpan> _active = [];
    private readonly List<ShadowSpan> _shadows = [];
    private readonly List<string> _trials = [];
    private long _offset = -1;
    private long _newest = -1;
    private string _profile = "";

    public List<ModelSpan> Active => _active;

    /// <summary>Complete after <see cref="End"/>.</summary>
    public List<ShadowSpan> Shadows => _shadows;

    public void Take(Score score)
    {
        if (score.TelemetryOffset < telemetry.From || score.TelemetryOffset >= telemetry.To) return;
        if (score.TelemetryOffset != _offset) End();
        if (score.TelemetryOffset <= _newest && score.TelemetryOffset != _offset)
        {
            // What a profile's first model said of what came before it. The models on trial had said what they had to say when that came.
            if (!score.Shadow) Add(score);
            return;
        }

        (_offset, _profile, _newest) = (score.TelemetryOffset, score.Profile, score.TelemetryOffset);
        if (score.Shadow) _trials.Add(score.ModelId);
        else Add(score);
    }

    private void Add(Score score)
    {
        if (_active.FindLast(span => span.Profile == score.Profile)?.ModelId != score.ModelId)
            _active.Add(Span(score));
    }

    private static ModelSpan Span(Score score)
    {
        var span = new ModelSpan { Profile = score.Profile, ModelId = score.ModelId, FromOffset = score.TelemetryOffset };
        if (score.HasBegunAt) span.FromOffset = score.BegunAt; // what it could not score has no score
        if (score.HasWarmedFrom) span.WarmedFrom = score.WarmedFrom;
        return span;
    }

    /// <summary>The last batch's scores are complete.</summary>
    public void End()
    {
        if (_offset >= 0 && !(_shadows.FindLast(span => span.Profile == _profile)?.ModelIds ?? []).SequenceEqual(_trials))
            _shadows.Add(new ShadowSpan { Profile = _profile, ModelIds = { _trials }, FromOffset = _offset });
        _trials.Clear();
        _offset = -1;
    }
}
