using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace Kappa.Iot.Streaming;

/// <summary>Partitions whose state is being rebuilt, some at a time, off the reading thread. One that fails is tried again, with growing pauses.</summary>
internal sealed class Restores(IPartitionProcessorFactory processors, string group, TimeProvider time, ILogger logger)
{
    private readonly List<Restore> _underWay = [];
    private readonly object _asks = new();
    private int _asking;
    private volatile int _partitions;

    /// <summary>How many partitions are being restored; may be read from any thread.</summary>
    public int Partitions => _partitions;

    public bool Any => _underWay.Count > 0;

    public bool AnyDone => _underWay.Exists(restore => restore.Result.IsCompleted);

    /// <param name="workers">Restored together.</param>
    /// <param name="next">Where each of them goes on; asked on the restoring thread.</param>
    /// <param name="stop">Gives up.</param>
    /// <param name="pause">How long they are left alone before that.</param>
    public void Start(
        IReadOnlyList<PartitionWorker> workers, Func<CancellationToken, IReadOnlyDictionary<TopicPartition, long>> next, CancellationToken stop, TimeSpan pause = default)
    {
        var cancel = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var token = cancel.Token;
        // On the scheduler of the reading thread, which is the default one.
        var result = Task.Factory.StartNew(() => RestoreAsync(workers.Count, next, pause, token), token, TaskCreationOptions.DenyChildAttach, TaskScheduler.Current).Unwrap();
        _underWay.Add(new Restore(workers, cancel, result));
        Count();
    }

    /// <summary>Goes on with what has been restored. What failed for good was of partitions that are gone, or everything is being stopped.</summary>
    public void Finish(Func<PartitionWorker, bool> isHeld)
    {
        foreach (var restore in _underWay.Where(restore => restore.Result.IsCompleted).ToList())
        {
            _underWay.Remove(restore);
            restore.Cancel.Dispose();
            if (!restore.Result.IsCompletedSuccessfully) continue;
            var (next, found) = restore.Result.Result;
            foreach (var worker in restore.Workers.Where(isHeld)) worker.Continue(next[worker.Partition], found[worker.Partition]);
            logger.Restored(group, restore.Workers.Count);
        }

        Count();
    }

    /// <summary>Gives up restores of which no partition is held any more.</summary>
    public void GiveUp(Func<PartitionWorker, bool> isHeld)
    {
        foreach (var restore in _underWay.Where(restore => !restore.Workers.Any(isHeld))) restore.Cancel.Cancel();
    }

    /// <summary>Gives up all of them, and waits for those that are just asking where to go on: the client that they ask may be closed after that.</summary>
    public void GiveUpAll()
    {
        GiveUp(_ => false);
        lock (_asks)
        {
            while (_asking > 0) Monitor.Wait(_asks);
        }
    }

    private async Task<Restored> RestoreAsync(int count, Func<CancellationToken, IReadOnlyDictionary<TopicPartition, long>> next, TimeSpan pause, CancellationToken cancel)
    {
        if (pause > TimeSpan.Zero) await Task.Delay(pause, time, cancel);
        var backoff = new Backoff(time);
        while (true)
        {
            try
            {
                var from = Ask(next, cancel);
                return new Restored(from, await processors.RestoreAsync(from, cancel));
            }
            catch (Exception e) when (!cancel.IsCancellationRequested)
            {
                logger.RestoreFailed(e, group, count);
                await backoff.WaitAsync(cancel);
            }
        }
    }

    private IReadOnlyDictionary<TopicPartition, long> Ask(Func<CancellationToken, IReadOnlyDictionary<TopicPartition, long>> next, CancellationToken cancel)
    {
        lock (_asks)
        {
            cancel.ThrowIfCancellationRequested();
            _asking++;
        }

        try
        {
            return next(cancel);
        }
        finally
        {
            lock (_asks)
            {
                _asking--;
                Monitor.PulseAll(_asks);
            }
        }
    }

    private void Count() => _partitions = _underWay.Sum(restore => restore.Workers.Count);

    private sealed record Restore(IReadOnlyList<PartitionWorker> Workers, CancellationTokenSource Cancel, Task<Restored> Result);

    private readonly record struct Restored(IReadOnlyDictionary<TopicPartition, long> Next, IReadOnlyDictionary<TopicPartition, IPartitionProcessor> Processors);
}
