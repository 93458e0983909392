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
    private readonly RegistrySnapshot _entries = new();
    private readonly Lock _entriesGate = new();
    private readonly SemaphoreSlim _changed = new(0);
    private readonly ModelLoader _loader;
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _caughtUp;
    private volatile ModelSet _current = ModelSet.Empty;

    public ActiveModels(
        IOptions<KafkaOptions> kafka, IOptions<ModelOptions> options, ScoringMetrics metrics, StreamingMetrics streaming, SpeakingModels speaking, TimeProvider time, ILogger<ActiveModels> logger)
    {
        (_kafka, _options, _metrics, _streaming, _time, _logger) = (kafka.Value, options.Value, metrics, streaming, time, logger);
        _loader = new ModelLoader(new ModelRegistry(_kafka, logger), VersionOf, () => _changed.Release(), metrics, time, logger, _stopping.Token);
        metrics.ObserveModels(() => _current, speaking);
    }

    /// <summary>The models that are to score, everywhere: swapped whole, so take it once for what must be of one piece.</summary>
    public ModelStretch At(int partition, long offset) => new(_current, long.MaxValue);

    /// <summary>Completes when the registry is read to its end and every profile of <see cref="ModelOptions.WaitFor"/> has a model.</summary>
    public Task Ready => _ready.Task;

    /// <summary>Profiles that still have no model and are waited for.</summary>
    public IReadOnlyList<string> Missing => [.. _options.WaitedFor.Where(profile => !_current.Active.ContainsKey(profile))];

    public Task<IDetector?> FindAsync(string profile, string modelId, CancellationToken cancel) => _loader.FindAsync(profile, modelId, cancel);

    public override Task StopAsync(CancellationToken cancellationToken)
    {
        _stopping.Cancel();
        return base.StopAsync(cancellationToken);
    }

    private ModelVersion? VersionOf(string modelId)
    {
        lock (_entriesGate) return _entries.Versions.GetValueOrDefault(modelId);
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
                current.ActiveOf(active.Profile)?.ModelId != active.ModelId && _loader.MayBeLoaded(active.ModelId))];
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
                else if (_loader.MayBeLoaded(version.ModelId) && await FindAsync(profile.Key, version.ModelId, cancel) is { } found) models.Add(found);
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
}
