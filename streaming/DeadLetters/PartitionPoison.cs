using Confluent.Kafka;

namespace Kappa.Iot.Streaming;

/// <summary>What one partition's failures have come to: which of its records are handed over next, or whether one is put aside instead.</summary>
internal sealed class PartitionPoison(PoisonedRecords records, PoisonSearch search, TimeProvider time)
{
    private Backoff _backoff = new(time);
    private ConsumeResult<byte[], byte[]>? _first;
    private Exception? _failure;
    private int _given;
    private bool _failed;

    /// <summary>Something of what is pending may be poisoned: it is handed over by itself, a part of it at a time.</summary>
    public bool IsSuspect => search.IsOn;

    /// <summary>The first record is put aside next.</summary>
    public bool PutsAside => search.PutsAside;

    /// <summary>The attempt that was given up last failed in its processor.</summary>
    public bool IsBlamed { get; private set; }

    /// <summary>How long to wait before the next attempt, where the last one failed.</summary>
    /// <remarks>One record alone has time: what the processor misses may come back.</remarks>
    public TimeSpan Pause() => search is { IsFound: true, PutsAside: false } ? Backoff.Longest : _backoff.Next();

    /// <summary>What of the pending records is handed over now.</summary>
    public IReadOnlyList<ConsumeResult<byte[], byte[]>> Take(List<ConsumeResult<byte[], byte[]>> pending)
    {
        _failed = false;
        _given = Math.Min(pending.Count, search.Size);
        _first = _given > 0 ? pending[0] : null;
        return _given == pending.Count ? pending : pending.GetRange(0, _given);
    }

    /// <summary>Writes the first of what was taken as a dead letter.</summary>
    public void PutAside(IPartitionProcessor processor, TransactionOutput output)
    {
        records.Write(_first!, _failure!, output);
        processor.Skip(_first!, output);
    }

    /// <summary>The processor threw. What the log or who stopped it is to blame for is not of its records; what it does without any is waited for, and leaves none to suspect.</summary>
    public void Blame(Exception failure)
    {
        if (!records.IsOn || IsOfOthers(failure)) return;
        _failed = true;
        if (!search.PutsAside) _failure = failure; // else it cannot even go on without the record, which is no reason to put it aside
    }

    /// <summary>The attempt was given up.</summary>
    public void Abort()
    {
        (IsBlamed, _failed) = (_failed, false);
        if (!IsBlamed)
        {
            search.Interrupt();
            return;
        }

        search.Fail(_given);
        if (search.HoldsBack) records.HoldBack(_first!, _failure!);
    }

    /// <summary>So many records were committed: those that the attempt was given, or none.</summary>
    public void Pass(int count)
    {
        if (count == 0) return;
        if (search.PutsAside) records.Tell(_first!, _failure!);
        search.Pass(count);
        _backoff.Reset();
    }

    private static bool IsOfOthers(Exception failure) => failure switch
    {
        KafkaException or OperationCanceledException => true,
        AggregateException several => several.InnerExceptions.Any(IsOfOthers),
        _ => failure.InnerException is { } inner && IsOfOthers(inner),
    };
}
