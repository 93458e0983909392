using Kappa.Iot.Twins;
using Polly;
using Polly.Retry;

namespace Kappa.Iot.DigitalTwinSink;

/// <summary>The twin store, waited for where it does not answer; and whether it did, last time.</summary>
internal sealed class StoreAccess
{
    private readonly ResiliencePipeline _patience;

    public StoreAccess(ITwinStore store, SinkMetrics metrics, TimeProvider time, ILogger<StoreAccess> logger)
    {
        Store = store;
        _patience = new ResiliencePipelineBuilder { TimeProvider = time }.AddRetry(new RetryStrategyOptions
        {
            ShouldHandle = new PredicateBuilder().Handle<TwinStoreException>(),
            MaxRetryAttempts = int.MaxValue,
            BackoffType = DelayBackoffType.Exponential,
            Delay = TimeSpan.FromMilliseconds(100),
            MaxDelay = TimeSpan.FromSeconds(5),
            UseJitter = true,
            OnRetry = attempt =>
            {
                Error = attempt.Outcome.Exception?.Message;
                metrics.StoreRetried();
                logger.StoreRefused(attempt.AttemptNumber + 1, Error ?? "", attempt.RetryDelay);
                return default;
            },
        }).Build();
    }

    public ITwinStore Store { get; }

    /// <summary>What was wrong when the store was last asked; null where it answered.</summary>
    public string? Error { get; private set; }

    /// <summary>Does something with the store, again and again until it answers. What has begun is finished; only the waiting is cancelled.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled before the store answered.</exception>
    public async Task<T> WaitForAsync<T>(Func<ITwinStore, Task<T>> work, CancellationToken cancel)
    {
        var result = await _patience.ExecuteAsync(async _ => await work(Store), cancel);
        Error = null;
        return result;
    }

    /// <inheritdoc cref="WaitForAsync{T}"/>
    public Task WaitForAsync(Func<ITwinStore, Task> work, CancellationToken cancel) => WaitForAsync(async store =>
    {
        await work(store);
        return true;
    }, cancel);
}
