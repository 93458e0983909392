using System.Collections.Concurrent;
using System.Collections.Immutable;
using Kappa.Iot.Detection;

namespace Kappa.Iot.ScoringService;

/// <summary>Which models score this process's partitions, and which still read their past: a model that was promoted need not speak yet. For any number of threads.</summary>
internal sealed class SpeakingModels
{
    private readonly ConcurrentDictionary<int, (ImmutableDictionary<string, IDetector> Active, IReadOnlyList<(string Profile, string ModelId)> Warming)> _partitions = new();

    /// <summary>Says what scores a partition from now on.</summary>
    /// <param name="partition">Of the telemetry.</param>
    /// <param name="active">By profile.</param>
    /// <param name="warming">Those that are to take over.</param>
    public void Tell(int partition, ImmutableDictionary<string, IDetector> active, IReadOnlyList<(string Profile, string ModelId)> warming) => _partitions[partition] = (active, warming);

    /// <summary>A partition is somebody else's.</summary>
    public void Left(int partition) => _partitions.TryRemove(partition, out _);

    /// <summary>The models that score something here, a profile's next to each other; where no partition has said anything yet, those that were promoted.</summary>
    public IEnumerable<(string Profile, string ModelId)> Active(ModelSet promoted)
    {
        var partitions = _partitions.Values;
        return (partitions.Count == 0 ? promoted.Active : partitions.SelectMany(partition => partition.Active)).Select(model => (model.Key, model.Value.ModelId)).Distinct().Order();
    }

    /// <summary>The models that still read the past, and in how many partitions.</summary>
    public IEnumerable<(string Profile, string ModelId, int Partitions)> Warming() =>
        _partitions.Values.SelectMany(partition => partition.Warming).CountBy(model => model).Select(counted => (counted.Key.Profile, counted.Key.ModelId, counted.Value)).Order();
}
