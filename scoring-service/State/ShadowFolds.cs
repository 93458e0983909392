using System.Collections.Immutable;
using Google.Protobuf;
using Kappa.Iot.Contracts;
using Kappa.Iot.Detection;

namespace Kappa.Iot.ScoringService;

/// <summary>What the models on trial keep of one vehicle: a fold each, of the batches that the vehicle's own fold took. They speak by scores only.</summary>
internal sealed class ShadowFolds(string vin)
{
    private readonly SortedDictionary<string, VehicleFold> _folds = new(StringComparer.Ordinal);

    public bool IsEmpty => _folds.Count == 0;

    /// <summary>What a model on trial kept; null where it has not seen the vehicle.</summary>
    public VehicleFold? Find(string modelId) => _folds.GetValueOrDefault(modelId);

    /// <summary>Scores a batch by each model; what others kept that are not on trial any more is forgotten.</summary>
    public void Apply(ImmutableArray<IDetector> models, TelemetryBatch batch, int partition, long offset, List<ShadowResult> results)
    {
        foreach (var gone in _folds.Keys.Where(id => !models.Any(model => model.ModelId == id)).ToList()) _folds.Remove(gone);
        foreach (var model in models)
        {
            if (!_folds.TryGetValue(model.ModelId, out var fold)) _folds.Add(model.ModelId, fold = new VehicleFold(vin));
            try
            {
                if (fold.Apply(model, batch, partition, offset).Score is not { } score) continue;
                score.Shadow = true;
                results.Add(new(model, score, null));
            }
#pragma warning disable CA1031 // A model on trial that breaks must not cost the vehicle its score; it starts anew with the vehicle, and that is told.
            catch (Exception e)
#pragma warning restore CA1031
            {
                _folds[model.ModelId] = new VehicleFold(vin);
                results.Add(new(model, null, e));
            }
        }
    }

    public IEnumerable<ShadowFold> Save() => _folds.Select(fold => new ShadowFold { ModelId = fold.Key, Fold = UnsafeByteOperations.UnsafeWrap(fold.Value.Save()) });

    /// <exception cref="InvalidDataException">A fold is damaged or of another format.</exception>
    public static ShadowFolds Restore(string vin, IEnumerable<ShadowFold> saved)
    {
        var shadows = new ShadowFolds(vin);
        foreach (var fold in saved) shadows._folds[fold.ModelId] = VehicleFold.Restore(vin, fold.Fold.Span);
        return shadows;
    }
}
