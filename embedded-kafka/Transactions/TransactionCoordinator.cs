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
    TopicRegistry topics, GroupCoordinator groups, ProducerIds producerIds, TimeProvider time, TimeSpan maxTimeout, ILogger logger)
{
    private static readonly TopicPartition OffsetsPartition = new(InternalTopics.Offsets, 0);

    private readonly ConcurrentDictionary<string, Transaction> _transactions = new(StringComparer.Ordinal);
    private readonly ILogger _logger = logger;

    public IEnumerable<Transaction> All => _transactions.Values;

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
            if (record.Value is { } value)
            {
                var transaction = TransactionRecords.Read(key, value);
                _transactions[transaction.Id] = transaction;
            }
            else
            {
                _transactions.TryRemove(TransactionRecords.ReadKey(key), out _);
            }
        }

        var owned = new HashSet<(TopicPartition, long)>();
        foreach (var transaction in _transactions.Values)
        {
            foreach (var partition in transaction.Partitions)
            {
                if (transaction.State == TransactionState.Ongoing)
                    topics.FindPartition(partition.Topic, partition.Partition)?.BeginTransaction(transaction.ProducerId, transaction.Epoch);
                owned.Add((partition, transaction.ProducerId));
            }

            Finish(transaction);
        }

        foreach (var topic in topics.All)
        {
            for (var i = 0; i < topic.Partitions.Count; i++)
            {
                var partition = new TopicPartition(topic.Name, i);
                foreach (var (producerId, epoch) in topic.Partitions[i].OpenTransactions().Where(p => !owned.Contains((partition, p.ProducerId))))
                {
                    LogOrphan(producerId, topic.Name, i);
                    WriteMarker(partition, producerId, epoch, commit: false);
                }
            }
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

        var transaction = _transactions.GetOrAdd(id, static key => new Transaction(key));
        lock (transaction.Lock)
        {
            if (transaction.State == TransactionState.Dead || !Finish(transaction))
                return (ErrorCode.ConcurrentTransactions, -1, -1);
            if (knownProducerId >= 0 && knownProducerId == transaction.ProducerId && knownEpoch == transaction.EpochBefore && transaction.State == TransactionState.Empty)
                return (ErrorCode.None, transaction.ProducerId, transaction.Epoch);
            if (knownProducerId >= 0 && (knownProducerId != transaction.ProducerId || knownEpoch != transaction.Epoch))
                return (ErrorCode.ProducerFenced, -1, -1);
            if (transaction.State == TransactionState.Ongoing)
            {
                var error = End(transaction, commit: false, fence: true);
                if (error != ErrorCode.None)
                    return (error, -1, -1);
            }
            else if (transaction.Epoch < short.MaxValue)
            {
                transaction.Epoch++;
            }

            if (transaction.ProducerId < 0 || transaction.Epoch >= short.MaxValue - 1)
            {
                transaction.ProducerId = producerIds.Next();
                transaction.Epoch = 0;
            }

            transaction.EpochBefore = knownEpoch;
            transaction.Timeout = timeout;
            transaction.State = TransactionState.Empty;
            transaction.StartedAt = -1;
            return Save(transaction) ? (ErrorCode.None, transaction.ProducerId, transaction.Epoch) : (ErrorCode.CoordinatorNotAvailable, -1, -1);
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
            if (!Finish(transaction))
                return ErrorCode.ConcurrentTransactions;

            var begins = transaction.State != TransactionState.Ongoing;
            var added = partitions.Where(p => !transaction.Partitions.Contains(p)).ToList();
            if (added.Count == 0 && !begins)
                return ErrorCode.None;

            transaction.Partitions.UnionWith(added);
            if (begins)
                transaction.StartedAt = Now();
            transaction.State = TransactionState.Ongoing;
            if (!Save(transaction))
                return ErrorCode.CoordinatorNotAvailable;
            foreach (var partition in added)
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
            return transaction.State switch
            {
                TransactionState.Ongoing => End(transaction, commit, fence: false),

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
            if (!Finish(transaction) || transaction.State != TransactionState.Ongoing || Now() - transaction.StartedAt <= transaction.Timeout.TotalMilliseconds)
                return;
            LogTimedOut(transaction.Id, transaction.ProducerId, transaction.Timeout);
            End(transaction, commit: false, fence: true);
        }
    }

    /// <summary>Forgets a transactional id that nobody has used for longer than <paramref name="expiration"/>.</summary>
    public void Expire(Transaction transaction, TimeSpan expiration)
    {
        lock (transaction.Lock)
        {
            if (transaction.State is TransactionState.Ongoing or TransactionState.PrepareCommit or TransactionState.PrepareAbort
                || Now() - transaction.UpdatedAt <= expiration.TotalMilliseconds
                || Log.AppendInternal(RecordBatchBuilder.Build([(TransactionRecords.Key(transaction.Id), null)], Now())).Error != ErrorCode.None)
                return;
            transaction.State = TransactionState.Dead;
            _transactions.TryRemove(transaction.Id, out _);
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
        if (transaction.ProducerId != producerId || transaction.State == TransactionState.Dead)
            return ErrorCode.InvalidProducerIdMapping;
        return transaction.Epoch == epoch ? ErrorCode.None : ErrorCode.ProducerFenced;
    }

    /// <param name="fence">Raises the epoch, so that the producer whose transaction this was cannot write any more.</param>
    private ErrorCode End(Transaction transaction, bool commit, bool fence)
    {
        if (fence)
            transaction.Epoch++;
        transaction.State = commit ? TransactionState.PrepareCommit : TransactionState.PrepareAbort;
        if (!Save(transaction))
        {
            // Nothing is decided yet: the transaction stays as it was.
            transaction.State = TransactionState.Ongoing;
            if (fence)
                transaction.Epoch--;
            return ErrorCode.CoordinatorNotAvailable;
        }

        return Finish(transaction) ? ErrorCode.None : ErrorCode.CoordinatorNotAvailable;
    }

    /// <summary>Writes the markers of a decided transaction; those that are there already are not written again.</summary>
    /// <returns>False where that was not possible now.</returns>
    private bool Finish(Transaction transaction)
    {
        if (transaction.State is not (TransactionState.PrepareCommit or TransactionState.PrepareAbort))
            return true;

        var commit = transaction.State == TransactionState.PrepareCommit;
        try
        {
            foreach (var partition in transaction.Partitions)
                WriteMarker(partition, transaction.ProducerId, transaction.Epoch, commit);
        }
        catch (IOException e)
        {
            LogNotFinished(e, transaction.Id);
            return false;
        }

        var partitions = transaction.Partitions.ToList();
        var decided = transaction.State;
        transaction.State = commit ? TransactionState.CompleteCommit : TransactionState.CompleteAbort;
        transaction.Partitions.Clear();
        if (Save(transaction))
            return true;
        transaction.State = decided;
        transaction.Partitions.UnionWith(partitions);
        return false;
    }

    private void WriteMarker(TopicPartition partition, long producerId, short epoch, bool commit)
    {
        if (topics.FindPartition(partition.Topic, partition.Partition) is not { } log)
            return;
        log.EndTransaction(producerId, epoch, commit);
        if (partition == OffsetsPartition)
            groups.EndTransaction(producerId, commit);
    }

    private bool Save(Transaction transaction)
    {
        transaction.UpdatedAt = Now();
        var batch = RecordBatchBuilder.Build([(TransactionRecords.Key(transaction.Id), TransactionRecords.Value(transaction))], transaction.UpdatedAt);
        return Log.AppendInternal(batch).Error == ErrorCode.None;
    }

    private long Now() => time.GetUtcNow().ToUnixTimeMilliseconds();
}
