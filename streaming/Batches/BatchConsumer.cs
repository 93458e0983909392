using Confluent.Kafka;
using Kappa.Iot.Contracts;
using Microsoft.Extensions.Logging;

namespace Kappa.Iot.Streaming;

/// <summary>
/// Reads topics as a member of a group and hands the records over in batches, at least once: offsets are committed after the handler
/// succeeded. A handler that throws gets the same batch again, for ever, with growing pauses; what it cannot ever handle it must put
/// aside itself. A log that is away is waited for.
/// </summary>
public sealed class BatchConsumer
{
    private readonly List<ConsumeResult<byte[], byte[]>> _batch = [];
    private readonly Dictionary<TopicPartition, PartitionLag> _assigned = [];
    private readonly KafkaOptions _kafka;
    private readonly BatchConsumerOptions _options;
    private readonly LogClients _clients;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ReaderMetrics _metrics;
    private volatile bool _restart;

    public BatchConsumer(KafkaOptions kafka, BatchConsumerOptions options, StreamingMetrics metrics, ILogger logger)
        : this(kafka, options, metrics, logger, LogClients.Kafka, TimeProvider.System)
    {
    }

    internal BatchConsumer(KafkaOptions kafka, BatchConsumerOptions options, StreamingMetrics metrics, ILogger logger, LogClients clients, TimeProvider time)
    {
        (_kafka, _options, _clients, _time, _logger) = (kafka, options, clients, time, logger);
        _metrics = metrics.OfGroup(options.GroupId);
    }

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

    /// <summary>The same, on the thread of the caller.</summary>
    internal void Run(Func<IReadOnlyList<ConsumeResult<byte[], byte[]>>, CancellationToken, Task> handle, CancellationToken cancel)
    {
        var backoff = new Backoff(_time);
        while (!cancel.IsCancellationRequested)
        {
            _restart = false;
            LagWatch? watch = null;
            using var consumer = _clients.Consumer(Config())
                .LogTo(_logger)
                .SetPartitionsAssignedHandler((_, partitions) => Join(partitions, watch, cancel))
                .SetPartitionsRevokedHandler((_, partitions) => Leave([.. partitions.Select(p => p.TopicPartition)], "revoked"))
                .SetPartitionsLostHandler((_, partitions) => Leave([.. partitions.Select(p => p.TopicPartition)], "lost"))
                .Build();
            try
            {
                watch = new LagWatch(consumer, _metrics, _time, _options.Start);
                consumer.Subscribe(_options.Topics);
                while (!cancel.IsCancellationRequested && !_restart)
                {
                    if (!Fill(consumer, ref backoff, cancel)) break;
                    if (_batch.Count > 0 && Handle(handle, cancel) && !_restart) Commit(consumer);
                    _batch.Clear();
                }
            }
            finally
            {
                watch?.Dispose();
                _batch.Clear();
                consumer.Close(); // leaves the group, so that others need not wait for the session to end
                Leave([.. _assigned.Keys], "left");
            }
        }
    }

    /// <returns>False where the client must be made anew.</returns>
    private bool Fill(IConsumer<byte[], byte[]> consumer, ref Backoff backoff, CancellationToken cancel)
    {
        var started = _time.GetTimestamp();
        while (_batch.Count < _options.MaxBatch && !cancel.IsCancellationRequested)
        {
            try
            {
                var left = _options.MaxWait - _time.GetElapsedTime(started);
                if (_batch.Count > 0 && left <= TimeSpan.Zero) break;
                var record = consumer.Consume(_batch.Count > 0 ? left : _options.MaxWait);
                if (record is null) break;
                if (Take(record) && _batch.Count == 1) started = _time.GetTimestamp();
                backoff.Reset();
            }
            catch (ConsumeException e)
            {
                _logger.ReadFailed(_options.GroupId, e.Error.Code, e.Error.Reason);
                if (e.Error.IsFatal) return false;
                backoff.Wait(cancel);
            }
        }

        return true;
    }

    private bool Take(ConsumeResult<byte[], byte[]> record)
    {
        if (record.IsPartitionEOF)
        {
            _assigned.GetValueOrDefault(record.TopicPartition)?.ReachEnd(record.Offset);
            return false;
        }

        // Records come in runs of one partition; only the first of a run can be the first of its partition.
        if (_batch.Count == 0 || _batch[^1].Partition != record.Partition || _batch[^1].Topic != record.Topic)
            _assigned.GetValueOrDefault(record.TopicPartition)?.Take(record);
        _batch.Add(record);
        return true;
    }

    private bool Handle(Func<IReadOnlyList<ConsumeResult<byte[], byte[]>>, CancellationToken, Task> handle, CancellationToken cancel)
    {
        var backoff = new Backoff(_time);
        while (true)
        {
            try
            {
                handle(_batch, cancel).GetAwaiter().GetResult();
                _metrics.Handled(_batch.Count);
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
                _logger.HandlerFailed(e, _options.GroupId, _batch.Count, _batch[0].TopicPartitionOffset);
                _metrics.Retried();
                backoff.Wait(cancel);
                if (cancel.IsCancellationRequested) return false;
            }
        }
    }

    private void Commit(IConsumer<byte[], byte[]> consumer)
    {
        var next = new Dictionary<TopicPartition, ConsumeResult<byte[], byte[]>>();
        foreach (var record in _batch) next[record.TopicPartition] = record;

        var started = _time.GetTimestamp();
        try
        {
            consumer.Commit(next.Values.Select(record => new TopicPartitionOffset(record.TopicPartition, record.Offset + 1)));
            _metrics.Committed(_time.GetElapsedTime(started));
        }
        catch (KafkaException e)
        {
            // The next commit covers this one; where the partitions went to another reader, that one handles the records again.
            _logger.CommitFailed(_options.GroupId, e.Error.Code, e.Error.Reason);
        }

        foreach (var (partition, record) in next)
            _assigned.GetValueOrDefault(partition)?.Handle(record.Offset + 1, record.Message.Timestamp, consumer.GetWatermarkOffsets(partition).High);
    }

    private ConsumerConfig Config() => new(_kafka.ToClientConfig(_options.GroupId))
    {
        GroupId = _options.GroupId,
        EnableAutoCommit = false,
        EnableAutoOffsetStore = false,
        EnablePartitionEof = true, // says that nothing is left to do, where the last offsets are a transaction's marks
        AutoOffsetReset = _options.Start,
        IsolationLevel = _options.Isolation,
        PartitionAssignmentStrategy = PartitionAssignmentStrategy.CooperativeSticky,
        SessionTimeoutMs = (int)_options.SessionTimeout.TotalMilliseconds,
        HeartbeatIntervalMs = (int)_options.SessionTimeout.TotalMilliseconds / 4,
        MaxPollIntervalMs = (int)_options.MaxHandling.TotalMilliseconds,
        QueuedMaxMessagesKbytes = 32 * 1024,
        FetchQueueBackoffMs = 5, // the client stops asking for a second by default whenever enough records wait in it
    };

    private List<TopicPartitionOffset> Join(List<TopicPartition> partitions, LagWatch? watch, CancellationToken cancel)
    {
        _logger.Assigned(_options.GroupId, partitions.Count);
        _metrics.Rebalanced("assigned");
        foreach (var partition in partitions) _assigned[partition] = _metrics.Join(partition);
        IsMember = true;
        var starts = _options.StartAt?.Invoke(partitions, cancel);
        var offsets = partitions.ConvertAll(partition =>
        {
            if (starts?.TryGetValue(partition, out var next) is not true) return new TopicPartitionOffset(partition, Offset.Unset);
            _assigned[partition].Start(next);
            return new TopicPartitionOffset(partition, next);
        });
        watch?.Hurry();
        return offsets;
    }

    private void Leave(List<TopicPartition> partitions, string kind)
    {
        if (partitions.Count == 0) return;
        _logger.Left(_options.GroupId, kind, partitions.Count);
        _metrics.Rebalanced(kind);
        foreach (var partition in partitions)
        {
            _assigned.Remove(partition);
            _metrics.Leave(partition);
        }

        // Collected but not handled yet: the partition's next reader gets them.
        _batch.RemoveAll(record => !_assigned.ContainsKey(record.TopicPartition));
    }
}
