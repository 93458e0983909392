using Confluent.Kafka;

namespace Kappa.Iot.Streaming;

/// <summary>One assigned partition: what is read of it but not yet committed, and its processor once that is restored.</summary>
/// <param name="partition">Which one.</param>
/// <param name="lag">Told how far it is.</param>
/// <param name="poison">Told how attempts end; says what of it is handed over.</param>
/// <param name="end">First offset that is not to be read; null where there is none.</param>
internal sealed class PartitionWorker(TopicPartition partition, PartitionLag lag, PartitionPoison poison, long? end)
{
    private readonly long _end = end ?? long.MaxValue;

    public TopicPartition Partition { get; } = partition;

    public List<ConsumeResult<byte[], byte[]>> Pending { get; } = [];

    /// <summary>What of that is handed over in the open transaction.</summary>
    public IReadOnlyList<ConsumeResult<byte[], byte[]>> Batch { get; private set; } = [];

    public TransactionOutput Output { get; } = new();

    /// <summary>Null while it is being restored.</summary>
    public IPartitionProcessor? Processor { get; private set; }

    public bool Paused { get; set; }

    /// <summary>There is something to hand to its processor: records, or what it has to do without any.</summary>
    public bool HasWork => Processor is not null && (Pending.Count > 0 || (!Finished && Processor.HasWork));

    /// <summary>How many records there are that its processor can be handed.</summary>
    public int Ready => Processor is null ? 0 : Pending.Count;

    /// <summary>One of its records may be poisoned: it goes alone, so that nobody else's work is lost by that, and no more is read of it.</summary>
    public bool IsSuspect => poison.IsSuspect;

    /// <summary>The attempt that was aborted last failed in its processor, which is what dead letters are for.</summary>
    public bool IsBlamed => poison.IsBlamed;

    /// <summary>It is being restored, and there is something for it to do after that.</summary>
    public bool IsHeldBack => Processor is null && Pending.Count > 0;

    /// <summary>True once everything before the end is in <see cref="Pending"/> or was committed.</summary>
    public bool AtEnd { get; private set; }

    /// <summary>True once the end is committed: there is nothing left to do.</summary>
    public bool Finished { get; private set; }

    /// <summary>The end is reached, and that is not committed yet.</summary>
    public bool HasEnd => Processor is not null && AtEnd && !Finished;

    /// <summary>The offset that is committed.</summary>
    public long Reached { get; private set; }

    /// <summary>The offset to commit after what is handed over.</summary>
    public long Next => AtEnd && Batch.Count == Pending.Count ? _end : Batch.Count > 0 ? Batch[^1].Offset + 1 : Reached;

    /// <summary>Takes what was read next: a record, or the news that there is none.</summary>
    public void Take(ConsumeResult<byte[], byte[]> record)
    {
        // At the end of a partition the "record" has the offset that comes next; the last offsets may be a transaction's marks.
        var inside = !record.IsPartitionEOF && record.Offset < _end;
        if (inside)
        {
            if (Pending.Count == 0) lag.Take(record);
            Pending.Add(record);
        }
        else if (end is null)
        {
            lag.ReachEnd(record.Offset);
        }

        AtEnd |= (inside ? record.Offset + 1 : record.Offset.Value) >= _end;
    }

    /// <summary>Starts at an offset.</summary>
    public void StartAt(long next)
    {
        AtEnd = Finished = next >= _end;
        lag.Start(next);
        if (end is { } known) lag.Learn(known);
    }

    /// <summary>Goes on at an offset with a processor that was restored to it.</summary>
    public void Continue(long next, IPartitionProcessor processor)
    {
        // An aborted attempt may have been committed after all, where only the answer was lost.
        poison.Pass(Pending.RemoveAll(record => record.Offset < next));
        lag.Return(next, Pending.Count > 0 ? Pending[0] : null);
        (Processor, Reached) = (processor, next);
    }

    /// <summary>Hands over what comes next, and takes what comes of it.</summary>
    public void Work()
    {
        Batch = poison.Take(Pending);
        try
        {
            if (poison.PutsAside) poison.PutAside(Processor!, Output);
            else if (HasWork) Processor!.Process(Batch, Output);
        }
        catch (Exception e)
        {
            poison.Blame(e);
            throw;
        }
    }

    /// <summary>How long it is to be left alone after it was to blame.</summary>
    public TimeSpan Pause() => poison.Pause();

    /// <summary>What is pending is to be done again: here once there is a new processor for it, or by whoever has the partition next.</summary>
    public void Leave()
    {
        Processor?.Left();
        Processor = null;
        Output.Clear();
    }

    /// <summary>The open transaction came to nothing.</summary>
    public void Abort()
    {
        Leave();
        poison.Abort();
    }

    /// <summary>What was handed over is committed.</summary>
    /// <param name="logEnd">Where the log ends, as far as the client knows.</param>
    public void Commit(long logEnd)
    {
        var count = Batch.Count;
        Reached = Next;
        Finished = AtEnd && count == Pending.Count;
        if (count > 0) lag.Handle(Reached, Batch[^1].Message.Timestamp, end ?? logEnd);
        Pending.RemoveRange(0, count);
        if (Pending.Count > 0) lag.Take(Pending[0]);
        poison.Pass(count);
        Output.Clear();
        Processor!.OnCommitted();
    }
}
