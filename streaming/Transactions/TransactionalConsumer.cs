using System.Diagnostics;
using Confluent.Kafka;
using Kappa.Iot.Contracts;
using Microsoft.Extensions.Logging;

namespace Kappa.Iot.Streaming;

/// <summary>
/// Consume, transform, produce, exactly once: as a member of a group it hands each partition's records to that partition's
/// <see cref="IPartitionProcessor"/>, and writes what comes back and the offsets in one transaction. After an aborted transaction or a new
/// assignment the processors are restored to the committed offsets before they go on. A log that is away is waited for, whatever it takes.
/// </summary>
/// <remarks>One consumer, one producer, one thread that reads; partitions are processed in parallel between two reads.
/// The producer is fenced by the group's generation, and by its name (<see cref="TransactionalConsumerOptions.Instance"/>).</remarks>
public sealed class TransactionalConsumer(
    KafkaOptions kafka, TransactionalConsumerOptions options, IPartitionProcessorFactory processors, StreamingMetrics metrics, ILogger logger)
{
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(10);
    private readonly Dictionary<TopicPartition, PartitionWorker> _workers = [];
    private readonly List<Restore> _restores = [];
    private readonly ParallelOptions _parallel = new() { MaxDegreeOfParallelism = options.Parallelism };
    private volatile int _assigned;
    private volatile int _restoring;
    private volatile bool _member;
    private Backoff _backoff;

    /// <summary>Partitions this member has now; null before the first assignment.</summary>
    public int? Assigned => _member ? _assigned : null;

    /// <summary>How many of them are still being restored.</summary>
    public int Restoring => _restoring;

    /// <summary>Runs until cancelled; then ends the open transaction, within <see cref="TransactionalConsumerOptions.DrainTimeout"/>, and leaves the group.</summary>
    public Task RunAsync(CancellationToken cancel) =>
        Task.Factory.StartNew(() => Run(cancel), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private void Run(CancellationToken stop)
    {
        using var drained = new CancellationTokenSource();
        using var drain = stop.Register(() => drained.CancelAfter(options.DrainTimeout));
        while (!stop.IsCancellationRequested)
        {
            try
            {
                using var writer = new TransactionWriter(kafka, options, logger);
                writer.Prepare(stop);
                RunMember(writer, stop, drained.Token);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // A member that cannot go on joins anew and starts from what is committed; it never takes the service down.
            catch (Exception e)
#pragma warning restore CA1031
            {
                logger.StartingAgain(e, options.GroupId);
                _backoff.Wait(stop);
            }
        }
    }

    private void RunMember(TransactionWriter writer, CancellationToken stop, CancellationToken drained)
    {
        using var consumer = Create(stop);
        try
        {
            consumer.Subscribe(options.Topic);
            while (!stop.IsCancellationRequested)
            {
                Fill(consumer, stop);
                FinishRestores(consumer, stop);
                if (!stop.IsCancellationRequested) Transact(consumer, writer, stop, drained);
            }

            Drain(consumer, writer, drained);
        }
        finally
        {
            consumer.Close(); // leaves the group, so that others need not wait for the session to end
            Leave([.. _workers.Keys], "left");
        }
    }

    private void Fill(IConsumer<byte[], byte[]> consumer, CancellationToken stop)
    {
        var started = Stopwatch.GetTimestamp();
        var ready = _workers.Values.Where(worker => worker.HasWork).Sum(worker => worker.Pending.Count);
        while (ready < options.MaxBatch && !stop.IsCancellationRequested)
        {
            var left = options.MaxWait - Stopwatch.GetElapsedTime(started);
            if (left <= TimeSpan.Zero) break;
            // While a restore is under way, a short wait: its partitions should go on as soon as they can.
            var wait = _restores.Count > 0 && left > TimeSpan.FromMilliseconds(20) ? TimeSpan.FromMilliseconds(20) : left;
            try
            {
                if (consumer.Consume(wait) is not { } record)
                {
                    if (_restores.Any(restore => restore.Result.IsCompleted)) break;
                    continue;
                }

                var worker = _workers[record.TopicPartition];
                worker.Take(record);
                if (worker.Processor is null || worker.AtEnd) Pause(consumer, worker);
                else ready++;
                if (worker.HasEnd) break;
            }
            catch (ConsumeException e)
            {
                logger.ReadFailed(options.GroupId, e.Error.Code, e.Error.Reason);
                if (e.Error.IsFatal) throw;
                _backoff.Wait(stop);
            }
        }

        // What is being restored is held back at the broker, not in memory.
        foreach (var worker in _workers.Values.Where(worker => worker.Processor is null)) Pause(consumer, worker);
    }

    private void Transact(IConsumer<byte[], byte[]> consumer, TransactionWriter writer, CancellationToken stop, CancellationToken drained)
    {
        var work = _workers.Values.Where(worker => worker.HasWork || worker.HasEnd).ToList();
        if (work.Count == 0) return;
        try
        {
            writer.Begin(drained);
            Parallel.ForEach(work, _parallel, worker =>
            {
                if (worker.Pending.Count > 0) worker.Processor!.Process(worker.Pending, worker.Output);
                writer.Write(worker.Output);
            });
            var started = Stopwatch.GetTimestamp();
            writer.Commit([.. work.Select(Next)], consumer.ConsumerGroupMetadata, drained);
            metrics.Committed(options.GroupId, Stopwatch.GetElapsedTime(started));
            metrics.Handled(options.GroupId, work.Sum(worker => worker.Pending.Count));
            foreach (var worker in work) Finish(consumer, worker);
            _backoff.Reset();
        }
#pragma warning disable CA1031 // Whatever went wrong: nothing of it was written, and it is done again from the last commit.
        catch (Exception e)
#pragma warning restore CA1031
        {
            logger.Aborted(e is AggregateException { InnerExceptions: [var only] } ? only : e, options.GroupId, work.Count);
            metrics.Retried(options.GroupId);
            writer.Abort(drained);
            foreach (var worker in work)
            {
                worker.Processor!.Left();
                worker.Processor = null;
                worker.Output.Clear();
            }

            if (stop.IsCancellationRequested) return;
            _backoff.Wait(stop);
            StartRestore(work, token => Committed(consumer, [.. work.Select(worker => worker.Partition)], token), stop);
        }
    }

    private void Finish(IConsumer<byte[], byte[]> consumer, PartitionWorker worker)
    {
        if (worker.Pending.Count > 0)
            metrics.Reached(options.GroupId, worker.Partition, worker.Next, End(consumer, worker), worker.Pending[^1].Message.Timestamp);
        worker.Reached = worker.Next;
        worker.Finished = worker.AtEnd;
        worker.Pending.Clear();
        worker.Output.Clear();
        worker.Processor!.OnCommitted();
    }

    /// <summary>Lets the processors write what saves the next owner work; some partitions a transaction. Without it nothing is lost.</summary>
    private void Drain(IConsumer<byte[], byte[]> consumer, TransactionWriter writer, CancellationToken drained)
    {
        try
        {
            foreach (var some in _workers.Values.Where(worker => worker.Processor is not null && !worker.Finished).Chunk(options.Parallelism))
            {
                Parallel.ForEach(some, _parallel, worker => worker.Processor!.Drain(worker.Output));
                var written = some.Where(worker => worker.Output.Count > 0).ToList();
                if (written.Count == 0) continue;
                writer.Begin(drained);
                foreach (var worker in written) writer.Write(worker.Output);
                writer.Commit([.. written.Select(worker => new TopicPartitionOffset(worker.Partition, worker.Reached))], consumer.ConsumerGroupMetadata, drained);
                foreach (var worker in written) worker.Output.Clear();
            }
        }
#pragma warning disable CA1031 // It only saves work: whoever goes on restores from the last commit.
        catch (Exception e)
#pragma warning restore CA1031
        {
            logger.DrainFailed(e, options.GroupId);
            writer.Abort(drained);
        }
    }

    private long End(IConsumer<byte[], byte[]> consumer, PartitionWorker worker) =>
        options.Bounds is null ? consumer.GetWatermarkOffsets(worker.Partition).High : BoundsOf(worker.Partition).To;

    private static TopicPartitionOffset Next(PartitionWorker worker) => new(worker.Partition, worker.Next);

    private void StartRestore(List<PartitionWorker> workers, Func<CancellationToken, IReadOnlyDictionary<TopicPartition, long>> next, CancellationToken stop)
    {
        var cancel = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var token = cancel.Token;
        _restores.Add(new Restore(workers, cancel)
        {
            Result = Task.Run(async () =>
            {
                var backoff = new Backoff();
                while (true)
                {
                    try
                    {
                        var from = next(token);
                        return (from, await processors.RestoreAsync(from, token));
                    }
                    catch (Exception e) when (!token.IsCancellationRequested)
                    {
                        logger.RestoreFailed(e, options.GroupId, workers.Count);
                        await backoff.WaitAsync(token);
                    }
                }
            }, token),
        });
        _restoring = _restores.Sum(restore => restore.Workers.Count);
    }

    private void FinishRestores(IConsumer<byte[], byte[]> consumer, CancellationToken stop)
    {
        foreach (var restore in _restores.Where(restore => restore.Result.IsCompleted).ToList())
        {
            _restores.Remove(restore);
            restore.Dispose();
            if (!restore.Result.IsCompletedSuccessfully) continue; // only where its partitions are gone, or all is being stopped
            stop.ThrowIfCancellationRequested();
            var (next, restored) = restore.Result.Result;
            foreach (var worker in restore.Workers.Where(worker => _workers.GetValueOrDefault(worker.Partition) == worker))
            {
                // An aborted attempt may have been committed after all, where only the answer was lost.
                worker.Pending.RemoveAll(record => record.Offset < next[worker.Partition]);
                worker.Processor = restored[worker.Partition];
                worker.Reached = next[worker.Partition];
                if (!worker.Paused || worker.AtEnd) continue;
                consumer.Resume([worker.Partition]);
                worker.Paused = false;
            }

            logger.Restored(options.GroupId, restore.Workers.Count);
        }

        _restoring = _restores.Sum(restore => restore.Workers.Count);
    }

    private static void Pause(IConsumer<byte[], byte[]> consumer, PartitionWorker worker)
    {
        if (worker.Paused) return;
        consumer.Pause([worker.Partition]);
        worker.Paused = true;
    }

    private IEnumerable<TopicPartitionOffset> Join(IConsumer<byte[], byte[]> consumer, List<TopicPartition> partitions, CancellationToken stop)
    {
        logger.Assigned(options.GroupId, partitions.Count);
        metrics.Rebalanced(options.GroupId, "assigned");
        var next = Committed(consumer, partitions, stop);
        var workers = partitions.ConvertAll(partition => _workers[partition] = new PartitionWorker(partition, options.Bounds is null ? long.MaxValue : BoundsOf(partition).To));
        foreach (var worker in workers) worker.StartAt(next[worker.Partition]);
        workers.RemoveAll(worker => worker.Finished);
        if (workers.Count > 0) StartRestore(workers, _ => next.Where(start => workers.Exists(worker => worker.Partition == start.Key)).ToDictionary(), stop);
        _assigned = _workers.Count;
        _member = true;
        return next.Select(start => new TopicPartitionOffset(start.Key, start.Value));
    }

    private void Leave(List<TopicPartition> partitions, string kind)
    {
        if (partitions.Count == 0) return;
        logger.Left(options.GroupId, kind, partitions.Count);
        metrics.Rebalanced(options.GroupId, kind);
        foreach (var partition in partitions)
        {
            if (_workers.Remove(partition, out var worker)) worker.Processor?.Left();
            metrics.Left(options.GroupId, partition);
        }

        foreach (var restore in _restores.Where(restore => !restore.Workers.Any(worker => _workers.ContainsKey(worker.Partition)))) restore.Cancel();
        _assigned = _workers.Count;
    }

    /// <summary>The offsets the group goes on from. Waits for transactions of earlier owners to end: their offsets are not settled before.</summary>
    private Dictionary<TopicPartition, long> Committed(IConsumer<byte[], byte[]> consumer, List<TopicPartition> partitions, CancellationToken stop)
    {
        var backoff = new Backoff();
        while (true)
        {
            stop.ThrowIfCancellationRequested();
            try
            {
                return consumer.Committed(partitions, AnswerWithin).ToDictionary(found => found.TopicPartition, found => Start(consumer, found));
            }
            catch (KafkaException e)
            {
                logger.OffsetsWait(options.GroupId, e.Error.Code, e.Error.Reason);
                backoff.Wait(stop);
            }
        }
    }

    private long Start(IConsumer<byte[], byte[]> consumer, TopicPartitionOffset committed)
    {
        if (!committed.Offset.IsSpecial) return committed.Offset;
        if (options.Bounds is not null) return BoundsOf(committed.TopicPartition).From;
        var watermarks = consumer.QueryWatermarkOffsets(committed.TopicPartition, AnswerWithin);
        return options.Start == AutoOffsetReset.Latest ? watermarks.High : watermarks.Low;
    }

    private LogRange BoundsOf(TopicPartition partition) =>
        options.Bounds!.TryGetValue(partition, out var range) ? range : new LogRange(partition, 0, 0);

    private IConsumer<byte[], byte[]> Create(CancellationToken stop)
    {
        var config = new ConsumerConfig(kafka.ToClientConfig($"{options.GroupId}-{options.Instance}"))
        {
            GroupId = options.GroupId,
            EnableAutoCommit = false,
            EnableAutoOffsetStore = false,
            AutoOffsetReset = options.Start,
            EnablePartitionEof = options.Bounds is not null,
            IsolationLevel = IsolationLevel.ReadCommitted,
            PartitionAssignmentStrategy = PartitionAssignmentStrategy.CooperativeSticky,
            SessionTimeoutMs = (int)options.SessionTimeout.TotalMilliseconds,
            HeartbeatIntervalMs = (int)options.SessionTimeout.TotalMilliseconds / 4,
            MaxPollIntervalMs = Math.Max(60_000, (int)options.SessionTimeout.TotalMilliseconds),
            QueuedMaxMessagesKbytes = 64 * 1024,
            FetchQueueBackoffMs = 5, // the client stops asking for a second by default whenever enough records wait in it
            FetchWaitMaxMs = 100,
            ConsumeResultFields = "topic,timestamp", // headers are not used and cost time
        };
        return new ConsumerBuilder<byte[], byte[]>(config)
            .LogTo(logger)
            .SetPartitionsAssignedHandler((member, partitions) => Join(member, partitions, stop))
            .SetPartitionsRevokedHandler((_, partitions) => Leave([.. partitions.Select(p => p.TopicPartition)], "revoked"))
            .SetPartitionsLostHandler((_, partitions) => Leave([.. partitions.Select(p => p.TopicPartition)], "lost"))
            .Build();
    }
}
