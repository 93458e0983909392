using Kappa.Iot.Contracts;
using Kappa.Iot.Detection;
using Kappa.Iot.Streaming.Models;

namespace Kappa.Iot.ScoringService;

/// <summary>The models of a generation, all loaded, and which of them scores what.</summary>
internal sealed class ReplayModels : IModelSource
{
    private readonly IReadOnlyDictionary<string, IDetector> _detectors;
    private readonly Dictionary<int, List<(long From, ModelSet Models, List<PlannedWarmUp> Warming)>> _stretches;

    private ReplayModels(IReadOnlyDictionary<string, IDetector> detectors, IEnumerable<PartitionModels> partitions)
    {
        _detectors = detectors;
        _stretches = partitions.ToDictionary(partition => partition.Partition, Stretches);
    }

    public Task Ready => Task.CompletedTask;

    /// <exception cref="ModelRegistryException">A model is not in the registry, or not whole.</exception>
    /// <exception cref="InvalidDataException">A model cannot be read by this version.</exception>
    public static async Task<ReplayModels> LoadAsync(ModelRegistry registry, IReadOnlyCollection<PartitionModels> partitions, CancellationToken cancel)
    {
        var detectors = new Dictionary<string, IDetector>(StringComparer.Ordinal);
        foreach (var id in partitions
            .SelectMany(partition => partition.Spans.Select(span => span.ModelId).Concat(partition.Shadows.SelectMany(span => span.ModelIds))).Distinct(StringComparer.Ordinal))
            detectors.Add(id, ModelArtifact.Load(id, await registry.ReadArtifactAsync(id, cancel)));
        return new ReplayModels(detectors, partitions);
    }

    public ModelStretch At(int partition, long offset)
    {
        var current = new ModelStretch(ModelSet.Empty, long.MaxValue);
        foreach (var (from, models, warming) in _stretches.GetValueOrDefault(partition) ?? [])
        {
            if (from > offset) return current with { Until = from };
            current = new ModelStretch(models, long.MaxValue) { Warming = warming };
        }

        return current;
    }

    public Task<IDetector?> FindAsync(string profile, string modelId, CancellationToken cancel) => Task.FromResult(_detectors.GetValueOrDefault(modelId));

    private List<(long, ModelSet, List<PlannedWarmUp>)> Stretches(PartitionModels partition)
    {
        var stretches = new List<(long, ModelSet, List<PlannedWarmUp>)>();
        var warmed = partition.Spans.Where(span => span.HasWarmedFrom).Select(span => new PlannedWarmUp(span.Profile, _detectors[span.ModelId], span.WarmedFrom, span.FromOffset)).ToList();
        var models = ModelSet.Empty;
        foreach (var from in partition.Spans.Select(span => span.FromOffset).Concat(partition.Shadows.Select(span => span.FromOffset)).Concat(warmed.Select(warm => warm.From)).Distinct().Order())
        {
            foreach (var span in partition.Spans.Where(span => span.FromOffset == from)) models = models with { Active = models.Active.SetItem(span.Profile, _detectors[span.ModelId]) };
            foreach (var span in partition.Shadows.Where(span => span.FromOffset == from)) models = models.WithShadows(span.Profile, span.ModelIds.Select(id => _detectors[id]));
            stretches.Add((from, models, [.. warmed.Where(warm => warm.From <= from && from < warm.Until)]));
        }

        return stretches;
    }
}
