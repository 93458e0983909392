using System.Collections.Concurrent;
using Kappa.Iot.Embedded.Groups;
using Kappa.Iot.Embedded.Log;
using Kappa.Iot.Embedded.Protocol;
using Kappa.Iot.Embedded.Topics;
using Microsoft.Extensions.Logging;

namespace Kappa.Iot.Embedded.Transactions;

/// <summary>
/// Begins and ends transactions. A decision is in the transaction topic before its first marker is written, so a crash in between
/// is finished at the next start.
/// </summary>
internal sealed partial class TransactionCoordinator(
    TopicRegistry topics, GroupCoordinator groups, ProducerIds producerIds, TimeProvider time, TimeSpan maxTimeout, ILogger logger,
    long maxMemory = long.MaxValue)
{
    private static readonly TimeSpan FullLogInterval = TimeSpan.FromMinutes(1);

    private static readonly TopicPartition OffsetsPartition = new(InternalTopics.Offsets, 0);

    private readonly ConcurrentDictionary<string, Transaction> _transactions = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Transaction> _open = new(StringComparer.Ordinal);
    private readonly List<(TopicPartition Partition, long ProducerId, short Epoch)> _orphans = [];
    private readonly ILogger _logger = logger;
    private bool _orphansLogged;
    private long _size;
    private long _fullLoggedAt;

    /// <summary>New ids get so much: those that are there are always able to begin a transaction.</summary>
    private long IdMemory => maxMemory / 4 * 3;

    public IEnumerable<Transaction> All => _transactions.Values;

    /// <summary>Those that <see cref="Tick"/> has work with.</summary>
    public IEnumerable<Transaction> Open => _open.Values;

    private PartitionLog Log => topics.FindPartition(InternalTopics.Transactions, 0)
        ?? throw new InvalidOperationException($"{InternalTopics.Transactions} is missing.");

    public Transaction? Find(string id) => _transactions.GetValueOrDefault(id);

    /// <summary>Reads the transactions back from the log, finishes what was decided, and rolls back what nobody owns any more.</summary>
    public void Load()
    {
        foreach (var (_, record) in Log.ReadCommitted())
        {
            if (record.Key is not { } key)
                continue;
            var id = TransactionRecords.ReadKey(key);
            if (record.Value is { } value)
                _transactions[id] = new Transaction(id) { Status = TransactionRecords.ReadValue(value) };
            else
                _transactions.TryRemove(id, out _);
        }

        _size = _transactions.Values.Sum(t => t.Size);
        var owned = new HashSet<(TopicPartition, long)>();
        foreach (var transaction in _transactions.Values.Where(t => t.Status.IsOpen))
        {
            foreach (var partition in transaction.Status.Partitions)
            {
                if (transaction.Status.State == TransactionState.Ongoing)
                    topics.FindPartition(partition.Topic, partition.Partition)?.BeginTransaction(transaction.Status.ProducerId, transaction.Status.Epoch);
                owned.Add((partition, transaction.Status.ProducerId));
            }

            _open[transaction.Id] = transaction;
            Finish(transaction);
        }

        foreach (var topic in topics.All)
        {
            for (var i = 0; i < topic.Partitions.Count; i++)
            {
                var partition = new TopicPartition(topic.Name, i);
                _orphans.AddRange(topic.Partitions[i].OpenTransactions().Where(p => !owned.Contains((partition, p.ProducerId))).Select(p => (partition, p.ProducerId, p.Epoch)));
            }
        }

        EndOrphans();
    }

    /// <summary>Rolls back what nobody owns, as far as the disk can be written.</summary>
    public void EndOrphans()
    {
        lock (_orphans)
        {
            var reason = "";
            _orphans.RemoveAll(orphan =>
            {
                try
                {
                    WriteMarker(orphan.Partition, orphan.ProducerId, orphan.Epoch, commit: false);
                    LogOrphan(orphan.ProducerId, orphan.Partition.Topic, orphan.Partition.Partition);
                    return true;
                }
                catch (IOException e)
                {
                    reason = e.Message;
                    return false;
                }
            });
            if (_orphans.Count > 0 && !_orphansLogged)
                LogOrphansStay(_orphans.Count, reason);
            _orphansLogged = _orphans.Count > 0;
        }
    }

    /// <summary>A producer starts: it gets its id, and a new epoch that shuts out any earlier one of the same name.</summary>
    public (ErrorCode Error, long ProducerId, short Epoch) Init(string? id, TimeSpan timeout, long knownProducerId, short knownEpoch)
    {
        if (id is null)
            return (ErrorCode.None, producerIds.Next(), 0);
        if (id.Length is 0 or > GroupCoordinator.MaxNameLength)
            return (ErrorCode.InvalidRequest, -1, -1);
        if (timeout <= TimeSpan.Zero || timeout > maxTimeout)
            return (ErrorCode.InvalidTransactionTimeout, -1, -1);

        if (GetOrAdd(id) is not { } transaction)
            return (ErrorCode.CoordinatorNotAvailable, -1, -1);
        lock (transaction.Lock)
        {
            if (transaction.Status.State == TransactionState.Dead || !Finish(transaction))
                return (ErrorCode.ConcurrentTransactions, -1, -1);

            var status = transaction.Status;
            var known = (knownProducerId, knownEpoch);
            var repeated = knownProducerId >= 0 && known == status.Before;
            if (knownProducerId >= 0 && !repeated && known != (status.ProducerId, status.Epoch))
                return (ErrorCode.ProducerFenced, -1, -1);

            var next = repeated ? status : status with { Epoch = status.NextEpoch, Before = known };
            if (status.State == TransactionState.Ongoing && !(Save(transaction, next with { State = TransactionState.PrepareAbort }) && Finish(transaction)))
                return (ErrorCode.CoordinatorNotAvailable, -1, -1);
            if (next.ProducerId < 0 || next.Epoch >= short.MaxValue - 1)
                next = next with { ProducerId = producerIds.Next(), Epoch = 0 };
            next = next with { Timeout = timeout, State = TransactionState.Empty, Partitions = [], StartedAt = -1 };
            return Save(transaction, next) ? (ErrorCode.None, next.ProducerId, next.Epoch) : (ErrorCode.CoordinatorNotAvailable, -1, -1);
        }
    }

    /// <summary>Takes partitions into the producer's transaction, which begins with the first.</summary>
    public ErrorCode AddPartitions(string id, long producerId, short epoch, IReadOnlyCollection<TopicPartition> partitions)
    {
        if (Find(id) is not { } transaction)
            return ErrorCode.InvalidProducerIdMapping;
        lock (transaction.Lock)
        {
            var error = CheckProducer(transaction, producerId, epoch);
            if (error != ErrorCode.None)
                return error;
            if (!Finish(transaction) || HasOrphans(producerId))
                return ErrorCode.ConcurrentTransactions;

            var status = transaction.Status;
            var begins = status.State != TransactionState.Ongoing;
            var next = status with
            {
                State = TransactionState.Ongoing,
                Partitions = status.Partitions.Union(partitions),
                StartedAt = begins ? Now() : status.StartedAt,
                Before = (-1, -1),
            };
            if ((begins || next.Partitions.Count > status.Partitions.Count) && !Save(transaction, next))
                return ErrorCode.CoordinatorNotAvailable;

            // Also those that the transaction has already: their topic may have been made anew since.
            foreach (var partition in partitions)
                topics.FindPartition(partition.Topic, partition.Partition)?.BeginTransaction(producerId, epoch);
            return ErrorCode.None;
        }
    }

    /// <summary>Takes a group's offsets into the producer's transaction.</summary>
    public ErrorCode AddOffsets(string id, long producerId, short epoch) => AddPartitions(id, producerId, epoch, [OffsetsPartition]);

    /// <summary>Commits or rolls back. When it returns, every marker is written.</summary>
    public ErrorCode End(string id, long producerId, short epoch, bool commit)
    {
        if (Find(id) is not { } transaction)
            return ErrorCode.InvalidProducerIdMapping;
        lock (transaction.Lock)
        {
            var error = CheckProducer(transaction, producerId, epoch);
            if (error != ErrorCode.None)
                return error;
            if (!Finish(transaction))
                return ErrorCode.ConcurrentTransactions;
            var decided = transaction.Status with { State = commit ? TransactionState.PrepareCommit : TransactionState.PrepareAbort };
            return transaction.Status.State switch
            {
                TransactionState.Ongoing => Save(transaction, decided) && Finish(transaction) ? ErrorCode.None : ErrorCode.CoordinatorNotAvailable,

                // The client did not hear the answer the first time.
                TransactionState.CompleteCommit when commit => ErrorCode.None,
                TransactionState.CompleteAbort when !commit => ErrorCode.None,
                _ => ErrorCode.InvalidTxnState,
            };
        }
    }

    /// <summary>Rolls back what has been open for longer than its time-out, and finishes what could not be finished before.</summary>
    public void Tick(Transaction transaction)
    {
        lock (transaction.Lock)
        {
            if (!Finish(transaction) || transaction.Status.State != TransactionState.Ongoing || Now() - transaction.Status.StartedAt <= transaction.Status.Timeout.TotalMilliseconds
                || !Save(transaction, transaction.Status with { State = TransactionState.PrepareAbort, Epoch = transaction.Status.NextEpoch }))
                return;
            LogTimedOut(transaction.Id, transaction.Status.ProducerId, transaction.Status.Timeout);
            Finish(transaction);
        }
    }

    /// <summary>Forgets a transactional id that nobody has used for longer than <paramref name="expiration"/>.</summary>
    public void Expire(Transaction transaction, TimeSpan expiration)
    {
        lock (transaction.Lock)
        {
            if (transaction.Status.State == TransactionState.Dead || transaction.Status.IsOpen
                || Now() - transaction.Status.UpdatedAt <= expiration.TotalMilliseconds
                || Log.AppendInternal(RecordBatchBuilder.Build([(TransactionRecords.Key(transaction.Id), null)], Now())).Error != ErrorCode.None)
                return;
            transaction.Status = transaction.Status with { State = TransactionState.Dead };
            if (_transactions.TryRemove(transaction.Id, out _))
                TryTake(-transaction.Size);
        }
    }

    /// <summary>Ends what a producer has open in one partition, whatever its coordinator thinks of it.</summary>
    public ErrorCode EndIn(TopicPartition partition, long producerId, short epoch, bool commit)
    {
        if (topics.FindPartition(partition.Topic, partition.Partition) is not { } log)
            return ErrorCode.UnknownTopicOrPartition;
        if (log.ReadProducers(states => states.Find(producerId)?.Epoch) > epoch)
            return ErrorCode.InvalidProducerEpoch;

        try
        {
            WriteMarker(partition, producerId, epoch, commit);
            return ErrorCode.None;
        }
        catch (IOException e)
        {
            LogMarkerFailed(e, producerId, partition.Topic, partition.Partition);
            return ErrorCode.KafkaStorageError;
        }
    }

    private static ErrorCode CheckProducer(Transaction transaction, long producerId, short epoch)
    {
        // Below zero is the id of one whose first record could not be written.
        if (transaction.Status.ProducerId != producerId || producerId < 0 || transaction.Status.State == TransactionState.Dead)
            return ErrorCode.InvalidProducerIdMapping;
        return transaction.Status.Epoch == epoch ? ErrorCode.None : ErrorCode.ProducerFenced;
    }

    /// <returns>Null where there is no room for one more.</returns>
    private Transaction? GetOrAdd(string id)
    {
        if (Find(id) is { } known)
            return known;
        var added = new Transaction(id);
        if (!TryTake(added.Size, IdMemory))
            return null;
        var transaction = _transactions.GetOrAdd(id, added);
        if (transaction != added)
            TryTake(-added.Size);
        return transaction;
    }

    /// <summary>Counts bytes that are taken, or given back, in memory.</summary>
    /// <returns>False where there are not so many; the first time in a while that is logged.</returns>
    private bool TryTake(long bytes, long limit = long.MaxValue)
    {
        if (Interlocked.Add(ref _size, bytes) <= Math.Min(limit, maxMemory) || bytes <= 0)
            return true;
        Interlocked.Add(ref _size, -bytes);
        if (Now() - _fullLoggedAt > FullLogInterval.TotalMilliseconds)
        {
            _fullLoggedAt = Now();
            LogFull(maxMemory, _transactions.Count);
        }

        return false;
    }

    /// <summary>A marker that ends an orphan must not come in the middle of its producer's next transaction.</summary>
    private bool HasOrphans(long producerId)
    {
        lock (_orphans)
            return _orphans.Exists(o => o.ProducerId == producerId);
    }

    /// <summary>Writes the markers of a decided transaction; those that are there already are not written again.</summary>
    /// <returns>False where that was not possible now.</returns>
    private bool Finish(Transaction transaction)
    {
        if (transaction.Status.State is not (TransactionState.PrepareCommit or TransactionState.PrepareAbort))
            return true;

        var status = transaction.Status;
        var commit = status.State == TransactionState.PrepareCommit;
        try
        {
            foreach (var partition in status.Partitions)
                WriteMarker(partition, status.ProducerId, status.Epoch, commit);
        }
        catch (IOException e)
        {
            Fail(transaction, e.Message);
            return false;
        }

        return Save(transaction, status with { State = commit ? TransactionState.CompleteCommit : TransactionState.CompleteAbort, Partitions = [] });
    }

    private void WriteMarker(TopicPartition partition, long producerId, short epoch, bool commit)
    {
        if (topics.FindPartition(partition.Topic, partition.Partition) is not { } log)
            return;
        log.EndTransaction(producerId, epoch, commit);
        if (partition == OffsetsPartition)
            groups.EndTransaction(producerId, commit);
    }

    /// <summary>Takes the next status into the log, and only then in force.</summary>
    /// <returns>False where that was not possible now: everything is as it was.</returns>
    private bool Save(Transaction transaction, TransactionStatus next)
    {
        var growth = next.Size - transaction.Status.Size;
        if (!TryTake(growth))
            return false;
        next = next with { UpdatedAt = Now() };
        var result = Log.AppendInternal(RecordBatchBuilder.Build([(TransactionRecords.Key(transaction.Id), TransactionRecords.Value(next))], next.UpdatedAt));
        if (result.Error != ErrorCode.None)
        {
            TryTake(-growth);
            Fail(transaction, result.Message);
            return false;
        }

        transaction.Status = next;
        if (next.IsOpen)
            _open[transaction.Id] = transaction;
        else
            _open.TryRemove(transaction.Id, out _);
        if (transaction.Fails)
            LogWorks(transaction.Id, transaction.Status.State);
        transaction.Fails = false;
        return true;
    }

    /// <summary>Only the first failure is logged: the clock and the client try again many times a second.</summary>
    private void Fail(Transaction transaction, string? reason)
    {
        if (!transaction.Fails)
            LogFails(transaction.Id, transaction.Status.State, reason);
        transaction.Fails = true;
    }

    private long Now() => time.GetUtcNow().ToUnixTimeMilliseconds();
}
