using System.Diagnostics;
using Confluent.Kafka;
using Kappa.Iot.Contracts;
using Microsoft.Extensions.Logging;

namespace Kappa.Iot.Streaming;

/// <summary>
/// Reads topics as a member of a group and hands the records over in batches, at least once: offsets are committed after the handler
/// succeeded. A handler that throws gets the same batch again, for ever, with growing pauses; what it cannot ever handle it must put
/// aside itself. A log that is away is waited for.
/// </summary>
public sealed class BatchConsumer(KafkaOptions kafka, BatchConsumerOptions options, StreamingMetrics metrics, ILogger logger)
{
    private readonly List<ConsumeResult<byte[], byte[]>> _batch = [];
    private readonly HashSet<TopicPartition> _assigned = [];
    private volatile bool _restart;

    /// <summary>True from the first assignment on; a group with more members than partitions may assign none.</summary>
    public bool IsMember { get; private set; }

    /// <summary>
    /// Leaves the group and joins it again, so that <see cref="BatchConsumerOptions.StartAt"/> is asked anew where to begin. Called from within
    /// the handler, its batch is not committed. May be called from any thread.
    /// </summary>
    public void Restart() => _restart = true;

    /// <summary>Reads until cancelled; what the handler already has is finished and committed before this returns.</summary>
    /// <param name="handle">
    /// Gets 1 to <see cref="BatchConsumerOptions.MaxBatch"/> records, of each partition in the log's order. The token tells it to finish early;
    /// a batch it gives up by throwing <see cref="OperationCanceledException"/> is not committed.
    /// </param>
    public Task RunAsync(Func<IReadOnlyList<ConsumeResult<byte[], byte[]>>, CancellationToken, Task> handle, CancellationToken cancel) =>
        Task.Factory.StartNew(() => Run(handle, cancel), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private void Run(Func<IReadOnlyList<ConsumeResult<byte[], byte[]>>, CancellationToken, Task> handle, CancellationToken cancel)
    {
        var backoff = new Backoff();
        while (!cancel.IsCancellationRequested)
        {
            _restart = false;
            using var consumer = Create(cancel);
            consumer.Subscribe(options.Topics);
            try
            {
                while (!cancel.IsCancellationRequested && !_restart)
                {
                    if (!Fill(consumer, ref backoff, cancel)) break;
                    if (_batch.Count > 0 && Handle(handle, cancel) && !_restart) Commit(consumer);
                    _batch.Clear();
                }
            }
            finally
            {
                _batch.Clear();
                consumer.Close(); // leaves the group, so that others need not wait for the session to end
            }
        }
    }

    /// <returns>False where the client must be made anew.</returns>
    private bool Fill(IConsumer<byte[], byte[]> consumer, ref Backoff backoff, CancellationToken cancel)
    {
        var waited = Stopwatch.StartNew();
        while (_batch.Count < options.MaxBatch && !cancel.IsCancellationRequested)
        {
            try
            {
                var left = options.MaxWait - waited.Elapsed;
                if (_batch.Count > 0 && left <= TimeSpan.Zero) break;
                var record = consumer.Consume(_batch.Count > 0 ? left : options.MaxWait);
                if (record is null) break;
                if (_batch.Count == 0) waited.Restart();
                _batch.Add(record);
                backoff.Reset();
            }
            catch (ConsumeException e)
            {
                logger.ReadFailed(options.GroupId, e.Error.Code, e.Error.Reason);
                if (e.Error.IsFatal) return false;
                backoff.Wait(cancel);
            }
        }

        return true;
    }

    private bool Handle(Func<IReadOnlyList<ConsumeResult<byte[], byte[]>>, CancellationToken, Task> handle, CancellationToken cancel)
    {
        var backoff = new Backoff();
        while (true)
        {
            try
            {
                handle(_batch, cancel).GetAwaiter().GetResult();
                metrics.Handled(options.GroupId, _batch.Count);
                return true;
            }
            catch (OperationCanceledException) when (cancel.IsCancellationRequested)
            {
                return false;
            }
#pragma warning disable CA1031 // Whatever went wrong in a handler, the batch is tried again: nothing is dropped.
            catch (Exception e)
#pragma warning restore CA1031
            {
                logger.HandlerFailed(e, options.GroupId, _batch.Count, _batch[0].TopicPartitionOffset);
                metrics.Retried(options.GroupId);
                backoff.Wait(cancel);
                if (cancel.IsCancellationRequested) return false;
            }
        }
    }

    private void Commit(IConsumer<byte[], byte[]> consumer)
    {
        var next = new Dictionary<TopicPartition, ConsumeResult<byte[], byte[]>>();
        foreach (var record in _batch) next[record.TopicPartition] = record;

        var started = Stopwatch.GetTimestamp();
        try
        {
            consumer.Commit(next.Values.Select(record => new TopicPartitionOffset(record.TopicPartition, record.Offset + 1)));
            metrics.Committed(options.GroupId, Stopwatch.GetElapsedTime(started));
        }
        catch (KafkaException e)
        {
            // The next commit covers this one; where the partitions went to another reader, that one handles the records again.
            logger.CommitFailed(options.GroupId, e.Error.Code, e.Error.Reason);
        }

        foreach (var (partition, record) in next)
        {
            if (!_assigned.Contains(partition)) continue;
            metrics.Reached(options.GroupId, partition, record.Offset + 1, consumer.GetWatermarkOffsets(partition).High, record.Message.Timestamp);
        }
    }

    private IConsumer<byte[], byte[]> Create(CancellationToken cancel)
    {
        var config = new ConsumerConfig(kafka.ToClientConfig(options.GroupId))
        {
            GroupId = options.GroupId,
            EnableAutoCommit = false,
            EnableAutoOffsetStore = false,
            AutoOffsetReset = options.Start,
            IsolationLevel = options.Isolation,
            PartitionAssignmentStrategy = PartitionAssignmentStrategy.CooperativeSticky,
            SessionTimeoutMs = (int)options.SessionTimeout.TotalMilliseconds,
            HeartbeatIntervalMs = (int)options.SessionTimeout.TotalMilliseconds / 4,
            MaxPollIntervalMs = (int)options.MaxHandling.TotalMilliseconds,
            QueuedMaxMessagesKbytes = 32 * 1024,
            FetchQueueBackoffMs = 5, // the client stops asking for a second by default whenever enough records wait in it
        };
        return new ConsumerBuilder<byte[], byte[]>(config)
            .LogTo(logger)
            .SetPartitionsAssignedHandler((_, partitions) =>
            {
                logger.Assigned(options.GroupId, partitions.Count);
                metrics.Rebalanced(options.GroupId, "assigned");
                _assigned.UnionWith(partitions);
                IsMember = true;
                var starts = options.StartAt?.Invoke(partitions, cancel);
                return partitions.Select(p => new TopicPartitionOffset(p, starts?.TryGetValue(p, out var next) == true ? next : Offset.Unset));
            })
            .SetPartitionsRevokedHandler((_, partitions) => Leave(partitions, "revoked"))
            .SetPartitionsLostHandler((_, partitions) => Leave(partitions, "lost"))
            .Build();
    }

    private void Leave(List<TopicPartitionOffset> partitions, string kind)
    {
        logger.Left(options.GroupId, kind, partitions.Count);
        metrics.Rebalanced(options.GroupId, kind);
        foreach (var partition in partitions)
        {
            _assigned.Remove(partition.TopicPartition);
            metrics.Left(options.GroupId, partition.TopicPartition);
        }

        // Collected but not handled yet: the partition's next reader gets them.
        _batch.RemoveAll(record => !_assigned.Contains(record.TopicPartition));
    }
}
