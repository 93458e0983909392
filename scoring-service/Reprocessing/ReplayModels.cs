using System.Collections.Immutable;
using Kappa.Iot.Contracts;
using Kappa.Iot.Detection;
using Kappa.Iot.Streaming.Models;

namespace Kappa.Iot.ScoringService;

/// <summary>The models of a generation, all loaded, and which of them scores what.</summary>
internal sealed class ReplayModels : IModelSource
{
    private static readonly ImmutableDictionary<string, IDetector> None = ImmutableDictionary.Create<string, IDetector>(StringComparer.Ordinal);

    private readonly IReadOnlyDictionary<string, IDetector> _detectors;
    private readonly Dictionary<int, List<(long From, ImmutableDictionary<string, IDetector> Models)>> _stretches;

    private ReplayModels(IReadOnlyDictionary<string, IDetector> detectors, IEnumerable<PartitionModels> partitions)
    {
        _detectors = detectors;
        _stretches = partitions.ToDictionary(partition => partition.Partition, partition => Stretches(partition.Spans));
    }

    public Task Ready => Task.CompletedTask;

    /// <exception cref="ModelRegistryException">A model is not in the registry, or not whole.</exception>
    /// <exception cref="InvalidDataException">A model cannot be read by this version.</exception>
    public static async Task<ReplayModels> LoadAsync(ModelRegistry registry, IReadOnlyCollection<PartitionModels> partitions, CancellationToken cancel)
    {
        var detectors = new Dictionary<string, IDetector>(StringComparer.Ordinal);
        foreach (var id in partitions.SelectMany(partition => partition.Spans).Select(span => span.ModelId).Distinct(StringComparer.Ordinal))
            detectors.Add(id, ModelArtifact.Load(id, await registry.ReadArtifactAsync(id, cancel)));
        return new ReplayModels(detectors, partitions);
    }

    public ModelStretch At(int partition, long offset)
    {
        var current = new ModelStretch(None, long.MaxValue);
        foreach (var (from, models) in _stretches.GetValueOrDefault(partition) ?? [])
        {
            if (from > offset) return current with { Until = from };
            current = new ModelStretch(models, long.MaxValue);
        }

        return current;
    }

    public Task<IDetector?> FindAsync(string profile, string modelId, CancellationToken cancel) => Task.FromResult(_detectors.GetValueOrDefault(modelId));

    private List<(long, ImmutableDictionary<string, IDetector>)> Stretches(IEnumerable<ModelSpan> spans)
    {
        var stretches = new List<(long, ImmutableDictionary<string, IDetector>)>();
        var models = None;
        foreach (var from in spans.GroupBy(span => span.FromOffset).OrderBy(group => group.Key))
        {
            foreach (var span in from) models = models.SetItem(span.Profile, _detectors[span.ModelId]);
            stretches.Add((from.Key, models));
        }

        return stretches;
    }
}
