using System.Collections.Concurrent;
using Kappa.Iot.Contracts;
using Kappa.Iot.Detection;
using Kappa.Iot.Streaming.Models;

namespace Kappa.Iot.ScoringService;

/// <summary>
/// Loads models, each once. What is not whole may become so, and is tried again after growing pauses, beside everything else; what is whole
/// and makes no sense stays that until it is replaced. Either is said once.
/// </summary>
/// <param name="registry">Where their bytes are.</param>
/// <param name="version">The entry of a model; null where there is none.</param>
/// <param name="loaded">Told that one which could not be loaded now is.</param>
/// <param name="metrics">Told of those that cannot.</param>
/// <param name="time">For the pauses.</param>
/// <param name="logger">Told of those that cannot.</param>
/// <param name="stopping">Nothing is tried again after that.</param>
internal sealed class ModelLoader(
    ModelRegistry registry, Func<string, ModelVersion?> version, Action loaded, ScoringMetrics metrics, TimeProvider time, ILogger logger, CancellationToken stopping)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1), LongestPause = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, Task<IDetector>> _loaded = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Failure> _failed = new(StringComparer.Ordinal);

    /// <summary>Whether a model may be loaded: it did not fail yet, or there are other bytes of it.</summary>
    public bool MayBeLoaded(string modelId) => !_failed.TryGetValue(modelId, out var failed) || failed.Checksum != Checksum(modelId);

    /// <inheritdoc cref="IModelSource.FindAsync"/>
    public async Task<IDetector?> FindAsync(string profile, string modelId, CancellationToken cancel)
    {
        var load = _loaded.GetOrAdd(modelId, ReadAsync);
        try
        {
            var detector = await load.WaitAsync(cancel);
            _failed.TryRemove(modelId, out _);
            return detector;
        }
        catch (Exception e) when (!cancel.IsCancellationRequested)
        {
            _loaded.TryRemove(new KeyValuePair<string, Task<IDetector>>(modelId, load));
            if (e is not (InvalidDataException or ModelRegistryException)) throw;
            Refuse(profile, modelId, e);
            return null;
        }
    }

    private void Refuse(string profile, string modelId, Exception failure)
    {
        var before = _failed.GetValueOrDefault(modelId);
        var pause = before is null ? FirstPause : 2 * before.Pause;
        if (pause > LongestPause) pause = LongestPause;
        var refused = _failed[modelId] = new Failure(Checksum(modelId), pause, failure.Message);
        if (failure is not InvalidDataException) _ = TryAgainAsync(profile, modelId, refused);
        if (before?.Message == failure.Message) return;
        logger.LoadFailed(failure, profile, modelId);
        metrics.ModelFailed(profile);
    }

    private async Task TryAgainAsync(string profile, string modelId, Failure refused)
    {
        try
        {
            await Task.Delay(refused.Pause, time, stopping);
            if (_failed.GetValueOrDefault(modelId) != refused) return; // other bytes of it were tried meanwhile
            if (await FindAsync(profile, modelId, stopping) is not null) loaded();
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // nobody needs it any more
        }
#pragma warning disable CA1031 // Whatever it is, it is said, and tried again.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Refuse(profile, modelId, e);
        }
    }

    private string? Checksum(string modelId) => version(modelId)?.Artifact?.Sha256;

    private async Task<IDetector> ReadAsync(string modelId)
    {
        var artifact = version(modelId) is { } known ? await registry.ReadArtifactAsync(known, stopping) : await registry.ReadArtifactAsync(modelId, stopping);
        return ModelArtifact.Load(modelId, artifact);
    }

    /// <summary>A model that could not be loaded.</summary>
    private sealed class Failure(string? checksum, TimeSpan pause, string message)
    {
        /// <summary>Of the bytes it was to have.</summary>
        public string? Checksum => checksum;

        /// <summary>How long until it is tried again, where it is.</summary>
        public TimeSpan Pause => pause;

        /// <summary>What was wrong.</summary>
        public string Message => message;
    }
}
