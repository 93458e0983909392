using Kappa.Iot.Embedded.Protocol;

namespace Kappa.Iot.Embedded.Log;

/// <summary>
/// The idempotent and transactional producers of one partition. A pure fold of its batches, so it comes back from the log;
/// checkpoints only make that short.
/// </summary>
/// <param name="limit">For those of all partitions; null for what is no partition's.</param>
internal sealed class ProducerStates(ProducerLimit? limit = null)
{
    /// <summary>
    /// More are not remembered, but those that have been silent for longest forgotten: whoever makes up producer ids gets less than 1 MB of
    /// memory a partition. Producers with an open transaction come on top.
    /// </summary>
    private const int MaxProducers = 2_000;

    private readonly Dictionary<long, ProducerState> _producers = [];
    private readonly SortedSet<long> _openTransactions = [];

    public IReadOnlyCollection<ProducerState> All => _producers.Values;

    /// <summary>Where the earliest open transaction starts; null when none is open.</summary>
    public long? FirstUnstableOffset => _openTransactions.Count == 0 ? null : _openTransactions.Min;

    public ProducerState? Find(long producerId) => _producers.GetValueOrDefault(producerId);

    /// <summary>Decides whether a producer's batch is next, a repeat, or wrong. The broker's own batches for a producer have no number, -1.</summary>
    public (ErrorCode Error, ProducedBatch? Duplicate) Check(in RecordBatchHeader header)
    {
        if (!_producers.TryGetValue(header.ProducerId, out var producer))
            return (header.IsTransactional ? ErrorCode.InvalidTxnState : ErrorCode.None, null);

        if (header.ProducerEpoch < producer.Epoch)
            return (ErrorCode.InvalidProducerEpoch, null);

        if (header.ProducerEpoch > producer.Epoch)
        {
            if (header.BaseSequence != 0 && producer.Epoch >= 0)
                return (ErrorCode.OutOfOrderSequenceNumber, null);
        }
        else if (producer.FindDuplicate(header) is { } duplicate)
        {
            return (ErrorCode.None, duplicate);
        }
        else if ((producer.Batches.Count > 0 || (producer.StartsAtZero && header.BaseSequence >= 0)) && header.BaseSequence != (int)(((long)producer.LastSequence + 1) & int.MaxValue))
        {
            return (ErrorCode.OutOfOrderSequenceNumber, null);
        }

        // A transactional batch in a partition that the coordinator does not know of would hang its readers for ever.
        if (header.IsTransactional && !producer.InTransaction)
            return (ErrorCode.InvalidTxnState, null);
        if (!header.IsTransactional && producer.TransactionStart >= 0)
            return (ErrorCode.InvalidTxnState, null);
        return (ErrorCode.None, null);
    }

    /// <summary>Takes a data batch into account; it has its final offset.</summary>
    public void Apply(in RecordBatchHeader header, long now)
    {
        var producer = GetOrAdd(header.ProducerId);
        producer.StartEpoch(header.ProducerEpoch);
        producer.LastSeen = now;
        if (header.BaseSequence >= 0)
            producer.Remember(new ProducedBatch(header.BaseSequence, header.LastSequence, header.BaseOffset, header.MaxTimestamp));

        if (header.IsTransactional && producer.TransactionStart < 0)
        {
            producer.TransactionStart = header.BaseOffset;
            producer.InTransaction = true;
            _openTransactions.Add(header.BaseOffset);
        }
    }

    /// <summary>Takes a transaction marker into account.</summary>
    /// <returns>The transaction that it rolled back, if it did.</returns>
    public AbortedTransaction? ApplyMarker(in RecordBatchHeader header, bool commit, long now)
    {
        var producer = GetOrAdd(header.ProducerId);
        producer.StartEpoch(Math.Max(producer.Epoch, header.ProducerEpoch));
        producer.LastSeen = now;
        producer.InTransaction = false;
        if (producer.TransactionStart < 0)
            return null;

        var start = producer.TransactionStart;
        producer.TransactionStart = -1;
        _openTransactions.Remove(start);
        return commit ? null : new AbortedTransaction(header.ProducerId, start, header.LastOffset, FirstUnstableOffset ?? header.NextOffset);
    }

    /// <summary>The coordinator has taken this partition into a transaction: batches of this epoch are welcome.</summary>
    public void Begin(long producerId, short epoch, long now)
    {
        var producer = GetOrAdd(producerId);
        producer.StartEpoch(Math.Max(producer.Epoch, epoch));
        producer.InTransaction = true;
        producer.LastSeen = now;
    }

    /// <summary>The producers without an open transaction: those that may be forgotten.</summary>
    public IEnumerable<ProducerState> Idle => _producers.Values.Where(p => !p.InTransaction && p.TransactionStart < 0);

    /// <summary>Forgets producers that have been silent since <paramref name="before"/> and have nothing open.</summary>
    public void Expire(long before) => Forget(Idle.Where(p => p.LastSeen < before));

    /// <summary>Forgets all, whatever they have open: the partition is gone.</summary>
    public void Clear()
    {
        limit?.Add(-_producers.Count);
        _producers.Clear();
        _openTransactions.Clear();
    }

    /// <returns>How many there were.</returns>
    public int Forget(IEnumerable<ProducerState> producers)
    {
        var forgotten = producers.ToList();
        foreach (var producer in forgotten)
            _producers.Remove(producer.ProducerId);
        limit?.Add(-forgotten.Count);
        return forgotten.Count;
    }

    public void Write(BinaryWriter writer)
    {
        writer.Write(_producers.Count);
        foreach (var producer in _producers.Values)
        {
            writer.Write(producer.ProducerId);
            writer.Write(producer.Epoch);
            writer.Write(producer.TransactionStart);
            writer.Write(producer.LastSeen);
            writer.Write(producer.Batches.Count);
            foreach (var batch in producer.Batches)
            {
                writer.Write(batch.FirstSequence);
                writer.Write(batch.LastSequence);
                writer.Write(batch.BaseOffset);
                writer.Write(batch.Timestamp);
            }
        }
    }

    /// <summary>Replaces everything by what <see cref="Write"/> wrote.</summary>
    public void Read(BinaryReader reader)
    {
        Clear();
        for (var count = reader.ReadInt32(); count > 0; count--)
        {
            // All of them, also beyond the limit: which were silent for longest is known when all partitions are read.
            var producer = Add(reader.ReadInt64());
            producer.Epoch = reader.ReadInt16();
            producer.TransactionStart = reader.ReadInt64();
            producer.InTransaction = producer.TransactionStart >= 0;
            producer.LastSeen = reader.ReadInt64();
            if (producer.TransactionStart >= 0)
                _openTransactions.Add(producer.TransactionStart);
            for (var batches = reader.ReadInt32(); batches > 0; batches--)
                producer.Remember(new ProducedBatch(reader.ReadInt32(), reader.ReadInt32(), reader.ReadInt64(), reader.ReadInt64()));
        }
    }

    private ProducerState GetOrAdd(long producerId)
    {
        if (_producers.TryGetValue(producerId, out var producer))
            return producer;

        // A good part at once, so that the search is rare.
        if (_producers.Count >= MaxProducers || limit is { IsReached: true })
            Forget(Idle.OrderBy(p => p.LastSeen).Take(Math.Max(1, _producers.Count / 10)));

        return Add(producerId);
    }

    private ProducerState Add(long producerId)
    {
        var producer = new ProducerState(producerId);
        _producers.Add(producerId, producer);
        limit?.Add(1);
        return producer;
    }
}
