using Kappa.Iot.Contracts;

namespace Kappa.Iot.ScoringService;

/// <summary>Profiles of one partition whose batches came before they had a model, and how far the first model of each has come with those. For one thread at a time.</summary>
internal sealed class UnscoredSpans
{
    /// <summary>So many profiles without a model are remembered: their names are the vehicles' to choose.</summary>
    private const int Most = 100;

    private readonly List<UnscoredSpan> _spans = [];

    public IReadOnlyList<UnscoredSpan> All => _spans;

    public void Add(ScoringCheckpoint checkpoint) => _spans.AddRange(checkpoint.Unscored);

    public UnscoredSpan? Find(string profile)
    {
        foreach (var span in _spans)
        {
            if (span.Profile == profile) return span;
        }

        return null;
    }

    /// <summary>A batch was not scored because its profile has no model.</summary>
    public void Note(string profile, long offset)
    {
        if (_spans.Count == Most || Find(profile) is not null || !VehicleId.IsValid(profile)) return; // a name without bound must not make a checkpoint that the log refuses
        _spans.Add(new UnscoredSpan { Profile = profile, FromOffset = offset, ToOffset = offset });
    }

    /// <summary>The profile's model has scored everything before an offset, and what it said of that is to be written.</summary>
    public void Reach(WarmUp rewind, IEnumerable<RewoundBatch> said, long offset)
    {
        if (Find(rewind.Profile) is not { } span) throw new InvalidOperationException($"Nothing of profile '{rewind.Profile}' is unscored.");
        if (span.Model?.ModelId != rewind.Model.ModelId)
        {
            var model = new ModelSpan { Profile = rewind.Profile, ModelId = rewind.Model.ModelId, FromOffset = span.ToOffset, Silent = true };
            if (span.Model is not null) model.WarmedFrom = rewind.From; // in place of one that cannot be loaded any more: what that one scored it has read
            span.Model = model;
        }

        foreach (var batch in said)
        {
            if (batch.Result.Score is { } score) ModelSpans.Announce(span.Model, score);
            else ModelSpans.Failed(span.Model, batch.Record.Offset);
        }

        span.ToOffset = Math.Max(span.ToOffset, offset);
    }

    /// <summary>The profile has a model that scores what comes.</summary>
    public void Remove(string profile) => _spans.RemoveAll(span => span.Profile == profile);
}
