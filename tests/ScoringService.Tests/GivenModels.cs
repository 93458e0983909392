using Kappa.Iot.Detection;

namespace Kappa.Iot.ScoringService.Tests;

/// <summary>Models of a test's own, of one profile: those that are active now, or where a plan is given, those of the plan.</summary>
internal sealed class GivenModels(string profile, params IDetector[] models) : IModelSource
{
    /// <summary>Which of them is active.</summary>
    public ModelSet Now { get; set; } = Only(profile, models[0]);

    /// <summary>Instead, what scores from which offset on, and the model that reads along before.</summary>
    public IReadOnlyList<(long From, int Model, PlannedWarmUp? Warming)> Plan { get; init; } = [];

    public Task Ready => Task.CompletedTask;

    public static ModelSet Only(string profile, IDetector model) => ModelSet.Empty with { Active = ModelSet.Empty.Active.Add(profile, model) };

    public ModelStretch At(int partition, long offset)
    {
        if (Plan.Count == 0) return new(Now, long.MaxValue);
        var (_, model, warming) = Plan.Last(stretch => stretch.From <= offset);
        var until = Plan.Where(stretch => stretch.From > offset).Select(stretch => stretch.From).DefaultIfEmpty(long.MaxValue).First();
        return new(Only(profile, models[model]), until) { Warming = warming is { } planned ? [planned] : [] };
    }

    public Task<IDetector?> FindAsync(string profileOf, string modelId, CancellationToken cancel) => Task.FromResult(models.FirstOrDefault(model => model.ModelId == modelId));
}
