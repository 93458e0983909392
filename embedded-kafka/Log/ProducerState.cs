namespace Kappa.Iot.Embedded.Log;

/// <summary>What a partition knows about one producer: enough to recognise its repeats and its gaps.</summary>
internal sealed class ProducerState(long producerId)
{
    /// <summary>A client has at most five batches on the way, so five are remembered.</summary>
    public const int RememberedBatches = 5;

    private readonly Queue<ProducedBatch> _batches = new(RememberedBatches);

    public long ProducerId { get; } = producerId;

    public short Epoch { get; set; } = -1;

    /// <summary>First offset of the open transaction in this partition, or -1.</summary>
    public long TransactionStart { get; set; } = -1;

    /// <summary>Whether the coordinator has taken this partition into the producer's running transaction.</summary>
    public bool InTransaction { get; set; }

    /// <summary>When the broker last heard of it, ms since 1970.</summary>
    public long LastSeen { get; set; }

    public IReadOnlyCollection<ProducedBatch> Batches => _batches;

    public int LastSequence { get; private set; } = -1;

    public void Remember(ProducedBatch batch)
    {
        if (_batches.Count == RememberedBatches)
            _batches.Dequeue();
        _batches.Enqueue(batch);
        LastSequence = batch.LastSequence;
    }

    /// <summary>Whether the epoch's first batch has to be number 0. Not where the partition does not know what came before it.</summary>
    public bool StartsAtZero { get; private set; }

    /// <summary>A new epoch starts its sequence at zero.</summary>
    public void StartEpoch(short epoch)
    {
        if (epoch == Epoch)
            return;
        StartsAtZero = Epoch >= 0;
        Epoch = epoch;
        _batches.Clear();
        LastSequence = -1;
    }

    public ProducedBatch? FindDuplicate(in RecordBatchHeader header)
    {
        foreach (var batch in _batches)
        {
            if (batch.FirstSequence == header.BaseSequence && batch.LastSequence == header.LastSequence)
                return batch;
        }

        return null;
    }
}
