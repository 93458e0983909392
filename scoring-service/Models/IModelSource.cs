using Kappa.Iot.Detection;

namespace Kappa.Iot.ScoringService;

/// <summary>Says which model scores what: live the ones that are active now, in a reprocessing those that were chosen for each stretch of the log.</summary>
internal interface IModelSource
{
    /// <summary>Completes when it is known what there is to score with.</summary>
    Task Ready { get; }

    /// <summary>The models that score a partition from an offset on, by profile.</summary>
    ModelStretch At(int partition, long offset);

    /// <summary>A model, in use or not; null, and logged, where it cannot be loaded.</summary>
    Task<IDetector?> FindAsync(string profile, string modelId, CancellationToken cancel);
}

/// <param name="Models">Those that score.</param>
/// <param name="Until">The first offset that others may score.</param>
internal readonly record struct ModelStretch(ModelSet Models, long Until)
{
    /// <summary>Those that read along in it, in what is replayed.</summary>
    public IReadOnlyList<PlannedWarmUp> Warming { get; init; } = [];
}

/// <summary>A model that read along before it took over.</summary>
/// <param name="Profile">Whose model it is.</param>
/// <param name="Model">The model.</param>
/// <param name="From">Where it begins to read.</param>
/// <param name="Until">Where it takes over.</param>
internal readonly record struct PlannedWarmUp(string Profile, IDetector Model, long From, long Until);
