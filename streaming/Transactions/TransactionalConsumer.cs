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
public sealed class TransactionalConsumer
{
    private static readonly TimeSpan LookAtRestores = TimeSpan.FromMilliseconds(20);
    private readonly Dictionary<TopicPartition, PartitionWorker> _workers = [];
    private readonly KafkaOptions _kafka;
    private readonly TransactionalConsumerOptions _options;
    private readonly LogClients _clients;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ReaderMetrics _metrics;
    private readonly StartOffsets _offsets;
    private readonly Restores _restores;
    private readonly PoisonedRecords _poisoned;
    private readonly ParallelOptions _parallel;
    private volatile int _assigned;
    private volatile bool _member;
    private Backoff _backoff;

    public TransactionalConsumer(KafkaOptions kafka, TransactionalConsumerOptions options, IPartitionProcessorFactory processors, StreamingMetrics metrics, ILogger logger)
        : this(kafka, options, processors, metrics, logger, LogClients.Kafka, TimeProvider.System)
    {
    }

    internal TransactionalConsumer(
        KafkaOptions kafka, TransactionalConsumerOptions options, IPartitionProcessorFactory processors, StreamingMetrics metrics, ILogger logger, LogClients clients, TimeProvider time)
    {
        (_kafka, _options, _clients, _time, _logger) = (kafka, options, clients, time, logger);
        _metrics = metrics.OfGroup(options.GroupId);
        _offsets = new StartOffsets(options, time, logger);
        _restores = new Restores(processors, options.GroupId, time, logger);
        _poisoned = new PoisonedRecords(options, time, _metrics, logger);
        _parallel = new ParallelOptions { MaxDegreeOfParallelism = options.Parallelism };
        _backoff = new Backoff(time);
    }

    /// <summary>Partitions this member has now; null before the first assignment.</summary>
    public int? Assigned => _member ? _assigned : null;

    /// <summary>How many of them are still being restored.</summary>
    public int Restoring => _restores.Partitions;

    /// <summary>Runs until cancelled; then ends the open transaction, within <see cref="TransactionalConsumerOptions.DrainTimeout"/>, and leaves the group.</summary>
    public Task RunAsync(CancellationToken cancel) =>
        Task.Factory.StartNew(() => Run(cancel), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <summary>The same, on the thread of the caller.</summary>
    internal void Run(CancellationToken stop)
    {
        using var drained = new CancellationTokenSource(Timeout.InfiniteTimeSpan, _time);
        using var drain = stop.Register(() => drained.CancelAfter(_options.DrainTimeout));
        while (!stop.IsCancellationRequested)
        {
            try
            {
                using var writer = new TransactionWriter(_clients, _kafka, _options, _time, _logger);
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
                _logger.StartingAgain(e, _options.GroupId);
                _backoff.Wait(stop);
            }
        }
    }

    private void RunMember(TransactionWriter writer, CancellationToken stop, CancellationToken drained)
    {
        LagWatch? watch = null;
        using var consumer = _clients.Consumer(_options.ConsumerConfig(_kafka))
            .LogTo(_logger)
            .SetPartitionsAssignedHandler((member, partitions) => Join(member, partitions, watch, stop))
            .SetPartitionsRevokedHandler((_, partitions) => Leave([.. partitions.Select(p => p.TopicPartition)], "revoked"))
            .SetPartitionsLostHandler((_, partitions) => Leave([.. partitions.Select(p => p.TopicPartition)], "lost"))
            .Build();
        try
        {
            if (_options.Bounds is null) watch = new LagWatch(consumer, _metrics, _time, _options.Start);
            consumer.Subscribe(_options.Topic);
            while (!stop.IsCancellationRequested)
            {
                Fill(consumer, stop);
                if (stop.IsCancellationRequested) break;
                Resume(consumer);
                Transact(consumer, writer, stop, drained);
            }

            Drain(consumer, writer, drained);
        }
        finally
        {
            watch?.Dispose();
            _restores.GiveUpAll();
            try
            {
                consumer.Close(); // leaves the group, so that others need not wait for the session to end
            }
            finally
            {
                Leave([.. _workers.Keys], "left"); // whatever became of that: nothing of it may be there when it joins anew
            }
        }
    }

    private void Fill(IConsumer<byte[], byte[]> consumer, CancellationToken stop)
    {
        var started = _time.GetTimestamp();
        var ready = _workers.Values.Sum(worker => worker.Ready);
        while (ready < _options.MaxBatch && !stop.IsCancellationRequested)
        {
            var left = _options.MaxWait - _time.GetElapsedTime(started);
            if (left <= TimeSpan.Zero) break;
            // While a restore is under way, a short wait: its partitions should go on as soon as they can.
            var wait = _restores.Any && left > LookAtRestores ? LookAtRestores : left;
            try
            {
                if (consumer.Consume(wait) is not { } record)
                {
                    if (_restores.AnyDone) break;
                    continue;
                }

                var worker = _workers[record.TopicPartition];
                worker.Take(record);
                if (worker.AtEnd || worker.IsHeldBack) Pause(consumer, worker); // what is being restored is held back at the broker, not in memory
                else if (!record.IsPartitionEOF) ready++;
                if (worker.HasEnd) break;
            }
            catch (ConsumeException e)
            {
                _logger.ReadFailed(_options.GroupId, e.Error.Code, e.Error.Reason);
                if (e.Error.IsFatal) throw;
                _backoff.Wait(stop);
            }
        }
    }

    private void Transact(IConsumer<byte[], byte[]> consumer, TransactionWriter writer, CancellationToken stop, CancellationToken drained)
    {
        var work = _workers.Values.Where(worker => worker.HasWork || worker.HasEnd).ToLookup(worker => worker.IsSuspect);
        if (work[false].Any()) Transact([.. work[false]], consumer, writer, stop, drained);
        foreach (var suspect in work[true].TakeWhile(_ => !stop.IsCancellationRequested)) Transact([suspect], consumer, writer, stop, drained);
    }

    private void Transact(List<PartitionWorker> work, IConsumer<byte[], byte[]> consumer, TransactionWriter writer, CancellationToken stop, CancellationToken drained)
    {
        try
        {
            writer.Begin(drained);
            Parallel.ForEach(work, _parallel, worker =>
            {
                worker.Work();
                writer.Write(worker.Output);
            });
            var started = _time.GetTimestamp();
            writer.Commit([.. work.Select(worker => new TopicPartitionOffset(worker.Partition, worker.Next))], consumer.ConsumerGroupMetadata, drained);
            _metrics.Committed(_time.GetElapsedTime(started));
            _metrics.Handled(work.Sum(worker => worker.Batch.Count));
            foreach (var worker in work) worker.Commit(consumer.GetWatermarkOffsets(worker.Partition).High);
            _backoff.Reset();
        }
#pragma warning disable CA1031 // Whatever went wrong: nothing of it was written, and it is done again from the last commit.
        catch (Exception e)
#pragma warning restore CA1031
        {
            _logger.Aborted(e is AggregateException { InnerExceptions: [var only] } ? only : e, _options.GroupId, work.Count);
            _metrics.Retried();
            writer.Abort(drained);
            foreach (var worker in work)
            {
                worker.Abort();
                Pause(consumer, worker); // the same records again, not more of them each time
            }

            if (stop.IsCancellationRequested) return;
            var blamed = work.Where(worker => worker.IsBlamed).ToList();
            if (blamed.Count == 0) _backoff.Wait(stop);
            Restore([.. work.Except(blamed)], consumer, stop);
            foreach (var worker in blamed) Restore([worker], consumer, stop, worker.Pause()); // the others need not wait for that
        }
    }

    private void Restore(IReadOnlyList<PartitionWorker> workers, IConsumer<byte[], byte[]> consumer, CancellationToken stop, TimeSpan pause = default)
    {
        if (workers.Count == 0) return;
        _restores.Start(workers, token => _offsets.Find(consumer, [.. workers.Select(worker => worker.Partition)], token), stop, pause);
    }

    /// <summary>Lets the processors write what saves the next owner work; some partitions a transaction. Without it nothing is lost.</summary>
    private void Drain(IConsumer<byte[], byte[]> consumer, TransactionWriter writer, CancellationToken drained)
    {
        try
        {
            foreach (var some in _workers.Values.Where(worker => worker.Processor is not null && !worker.Finished).Chunk(_options.Parallelism))
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
            _logger.DrainFailed(e, _options.GroupId);
            writer.Abort(drained);
        }
    }

    private void Resume(IConsumer<byte[], byte[]> consumer)
    {
        _restores.Finish(IsHeld);
        foreach (var worker in _workers.Values.Where(worker => worker is { Paused: true, AtEnd: false, IsSuspect: false, Processor: not null }))
        {
            consumer.Resume([worker.Partition]);
            worker.Paused = false;
        }
    }

    private static void Pause(IConsumer<byte[], byte[]> consumer, PartitionWorker worker)
    {
        if (worker.Paused) return;
        consumer.Pause([worker.Partition]);
        worker.Paused = true;
    }

    private IEnumerable<TopicPartitionOffset> Join(IConsumer<byte[], byte[]> consumer, List<TopicPartition> partitions, LagWatch? watch, CancellationToken stop)
    {
        _logger.Assigned(_options.GroupId, partitions.Count);
        _metrics.Rebalanced("assigned");
        var next = _offsets.Find(consumer, partitions, stop);
        var workers = partitions.ConvertAll(partition => _workers[partition] = new PartitionWorker(partition, _metrics.Join(partition), _poisoned.Of(), _offsets.End(partition)));
        foreach (var worker in workers) worker.StartAt(next[worker.Partition]);
        watch?.Hurry();
        workers.RemoveAll(worker => worker.Finished);
        if (workers.Count > 0) _restores.Start(workers, _ => next.Where(start => workers.Exists(worker => worker.Partition == start.Key)).ToDictionary(), stop);
        _assigned = _workers.Count;
        _member = true;
        return next.Select(start => new TopicPartitionOffset(start.Key, start.Value));
    }

    private void Leave(List<TopicPartition> partitions, string kind)
    {
        if (partitions.Count == 0) return;
        _logger.Left(_options.GroupId, kind, partitions.Count);
        _metrics.Rebalanced(kind);
        foreach (var partition in partitions)
        {
            if (_workers.Remove(partition, out var worker)) worker.Leave();
            _metrics.Leave(partition);
        }

        _restores.GiveUp(IsHeld);
        _assigned = _workers.Count;
    }

    private bool IsHeld(PartitionWorker worker) => _workers.GetValueOrDefault(worker.Partition) == worker;
}
