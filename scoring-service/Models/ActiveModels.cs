using System.Collections.Concurrent;
using Confluent.Kafka;
using Kappa.Iot.Contracts;
using Kappa.Iot.Detection;
using Kappa.Iot.Streaming;
using Kappa.Iot.Streaming.Models;
using Microsoft.Extensions.Options;

namespace Kappa.Iot.ScoringService;

/// <summary>
/// Follows the model registry and keeps the active model of each profile loaded, and those on trial. A model that cannot be loaded changes
/// nothing: the one before stays, the failure is logged and counted.
/// </summary>
internal sealed class ActiveModels : BackgroundService, IModelSource
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1), LongestPause = TimeSpan.FromMinutes(1);

    private readonly KafkaOptions _kafka;
    private readonly ModelOptions _options;
    private readonly ScoringMetrics _metrics;
    private readonly StreamingMetrics _streaming;
    private readonly TimeProvider _time;
    private readonly ILogger<ActiveModels> _logger;
    private readonly ModelRegistry _registry;
    private readonly RegistrySnapshot _entries = new();
    private readonly Lock _entriesGate = new();
    private readonly SemaphoreSlim _changed = new(0);
    private readonly ConcurrentDictionary<string, Task<IDetector>> _loaded = new(StringComparer.Ordinal);
    // By their ids, models that could not be loaded.
    private readonly ConcurrentDictionary<string, LoadFailure> _failed = new(StringComparer.Ordinal);
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _caughtUp;
    private volatile ModelSet _current = ModelSet.Empty;

    public ActiveModels(
        IOptions<KafkaOptions> kafka, IOptions<ModelOptions> options, ScoringMetrics metrics, StreamingMetrics streaming, SpeakingModels speaking, TimeProvider time, ILogger<ActiveModels> logger)
    {
        (_kafka, _options, _metrics, _streaming, _time, _logger) = (kafka.Value, options.Value, metrics, streaming, time, logger);
        _registry = new ModelRegistry(_kafka, logger);
        metrics.ObserveModels(() => _current, speaking);
    }

    /// <summary>The models that are to score, everywhere: swapped whole, so take it once for what must be of one piece.</summary>
    public ModelStretch At(int partition, long offset) => new(_current, long.MaxValue);

    /// <summary>Completes when the registry is read to its end and every profile of <see cref="ModelOptions.WaitFor"/> has a model.</summary>
    public Task Ready => _ready.Task;

    /// <summary>Profiles that still have no model and are waited for.</summary>
    public IReadOnlyList<string> Missing => [.. _options.WaitedFor.Where(profile => !_current.Active.ContainsKey(profile))];

    public async Task<IDetector?> FindAsync(string profile, string modelId, CancellationToken cancel)
    {
        try
        {
            var detector = await LoadAsync(modelId, cancel);
            _failed.TryRemove(modelId, out _);
            return detector;
        }
        catch (Exception e) when (e is InvalidDataException or ModelRegistryException)
        {
            Refuse(profile, modelId, e);
            return null;
        }
    }

    /// <summary>What is not whole may become so, and is tried again after growing pauses; what is whole and makes no sense stays that until it is replaced. Either is said once.</summary>
    private void Refuse(string profile, string modelId, Exception failure)
    {
        var before = _failed.GetValueOrDefault(modelId);
        var pause = before is { Pause: var last } && last > TimeSpan.Zero ? 2 * last : FirstPause;
        if (pause > LongestPause) pause = LongestPause;
        var temporary = failure is ModelRegistryException;
        var refused = _failed[modelId] = new(Checksum(modelId), pause, failure.Message);
        if (temporary) _ = TryAgainAsync(refused);
        if (before?.Message == failure.Message) return;
        _logger.LoadFailed(failure, profile, modelId);
        _metrics.ModelFailed(profile);
    }

    private async Task TryAgainAsync(LoadFailure refused)
    {
        await Task.Delay(refused.Pause, _time);
        refused.MayBeTried = true; // not a time that is compared: the clock may be set back, and the delay is over a little early at times
        _changed.Release();
    }

    /// <summary>Whether a model may be loaded: it was not tried yet, it is time to try it again, or there are other bytes of it.</summary>
    private bool MayBeLoaded(string modelId) =>
        !_failed.TryGetValue(modelId, out var failed) || failed.MayBeTried || failed.Checksum != Checksum(modelId);

    private string? Checksum(string modelId)
    {
        lock (_entriesGate) return _entries.Versions.GetValueOrDefault(modelId)?.Artifact?.Sha256;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var loading = LoadChangesAsync(stoppingToken);
        var reader = new LogReader(_kafka, "scoring-service-models", _logger, metrics: _streaming);
        try
        {
            var ranges = await reader.FindAsync(TopicCatalogue.Models.Name, LogStart.Beginning, stoppingToken);
            await reader.FollowAsync(ranges, Take, CatchUp, stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            await loading;
        }
    }

    private ValueTask Take(IReadOnlyList<ConsumeResult<byte[], byte[]>> records, CancellationToken cancel)
    {
        lock (_entriesGate)
        {
            foreach (var record in records)
            {
                try
                {
                    _entries.Apply(record);
                }
                catch (ModelRegistryException e)
                {
                    _logger.EntryUnreadable(e, record.Offset.Value);
                }
            }
        }

        _changed.Release();
        return ValueTask.CompletedTask;
    }

    private void CatchUp()
    {
        _caughtUp = true;
        _changed.Release();
    }

    private async Task LoadChangesAsync(CancellationToken cancel)
    {
        var waiting = "";
        var pause = FirstPause;
        while (!cancel.IsCancellationRequested)
        {
            try
            {
                await _changed.WaitAsync(cancel);
                if (!_caughtUp) continue; // what is active later is not known yet
                // Swapped whole: a model that leaves its trial to become the active one does both at once.
                _current = await LoadShadowsAsync(await LoadActiveAsync(_current, cancel), cancel);
                pause = FirstPause;
            }
            catch (OperationCanceledException) when (cancel.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // Whatever it is, later promotions must be taken up.
            catch (Exception e)
#pragma warning restore CA1031
            {
                _logger.ChangesFailed(e, pause);
                await Task.Delay(pause, _time, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                pause = 2 * pause < LongestPause ? 2 * pause : LongestPause;
                _changed.Release();
                continue;
            }

            var missing = string.Join(", ", Missing);
            if (missing.Length == 0) _ready.TrySetResult();
            else if (missing != waiting) _logger.Waiting(waiting = missing);
        }
    }

    private async Task<ModelSet> LoadActiveAsync(ModelSet current, CancellationToken cancel)
    {
        List<ActiveModel> changes;
        lock (_entriesGate)
        {
            changes = [.. _entries.Active.Values.Where(active =>
                current.ActiveOf(active.Profile)?.ModelId != active.ModelId && MayBeLoaded(active.ModelId))];
        }

        foreach (var active in changes)
        {
            if (await LoadActiveAsync(active, current, cancel) is not { } detector) continue;
            current = current with { Active = current.Active.SetItem(active.Profile, detector) };
            _metrics.ModelLoaded(active.Profile);
            _logger.Loaded(active.Profile, detector.ModelId);
        }

        return current;
    }

    private async Task<IDetector?> LoadActiveAsync(ActiveModel active, ModelSet current, CancellationToken cancel)
    {
        if (await FindAsync(active.Profile, active.ModelId, cancel) is { } detector) return detector;
        // After a restart "the one before stays" means that it must be loaded.
        if (current.Active.ContainsKey(active.Profile) || active.PreviousModelId.Length == 0) return null;
        return await FindAsync(active.Profile, active.PreviousModelId, cancel);
    }

    private async Task<ModelSet> LoadShadowsAsync(ModelSet current, CancellationToken cancel)
    {
        List<IGrouping<string, ModelVersion>> wanted;
        lock (_entriesGate) wanted = [.. _entries.Versions.Values.Where(version => IsOnTrial(version, current)).GroupBy(version => version.Profile)];
        foreach (var profile in current.Shadows.Keys.Except(wanted.Select(group => group.Key)).ToList())
        {
            current = current.WithShadows(profile, []);
            _logger.ShadowsNow(profile, "none");
        }

        foreach (var profile in wanted)
        {
            var before = current.ShadowsOf(profile.Key);
            var models = new List<IDetector>();
            foreach (var version in profile)
            {
                if (before.FirstOrDefault(model => model.ModelId == version.ModelId) is { } loaded) models.Add(loaded);
                else if (MayBeLoaded(version.ModelId) && await FindAsync(profile.Key, version.ModelId, cancel) is { } found) models.Add(found);
            }

            if (models.Select(model => model.ModelId).Order(StringComparer.Ordinal).SequenceEqual(before.Select(model => model.ModelId))) continue;
            current = current.WithShadows(profile.Key, models);
            foreach (var _ in models.ExceptBy(before.Select(model => model.ModelId), model => model.ModelId)) _metrics.ModelLoaded(profile.Key);
            var names = string.Join(", ", models.Select(model => model.ModelId));
            _logger.ShadowsNow(profile.Key, names);
        }

        return current;
    }

    /// <summary>Whether a model is on trial, or has just left it to become the active one and is not that yet.</summary>
    private bool IsOnTrial(ModelVersion version, ModelSet current) =>
        version.Stage == ModelStage.Shadow
        || (version.Stage == ModelStage.ActiveStage
            && current.ShadowsOf(version.Profile).Any(model => model.ModelId == version.ModelId)
            && _entries.Active.GetValueOrDefault(version.Profile)?.ModelId != version.ModelId);

    private async Task<IDetector> LoadAsync(string modelId, CancellationToken cancel)
    {
        var load = _loaded.GetOrAdd(modelId, id => ReadAsync(id, cancel));
        try
        {
            return await load;
        }
        catch
        {
            _loaded.TryRemove(new KeyValuePair<string, Task<IDetector>>(modelId, load));
            throw;
        }
    }

    private async Task<IDetector> ReadAsync(string modelId, CancellationToken cancel)
    {
        ModelVersion? version;
        lock (_entriesGate) version = _entries.Versions.GetValueOrDefault(modelId);
        var artifact = version is null
            ? await _registry.ReadArtifactAsync(modelId, cancel)
            : await _registry.ReadArtifactAsync(version, cancel);
        return ModelArtifact.Load(modelId, artifact);
    }

    /// <summary>A model that could not be loaded.</summary>
    /// <param name="Checksum">Of the bytes it was to have.</param>
    /// <param name="Pause">How long until it is tried again, where it is.</param>
    /// <param name="Message">What was wrong.</param>
    private sealed record LoadFailure(string? Checksum, TimeSpan Pause, string Message)
    {
        private volatile bool _mayBeTried;

        /// <summary>The pause is over.</summary>
        public bool MayBeTried
        {
            get => _mayBeTried;
            set => _mayBeTried = value;
        }
    }
}
