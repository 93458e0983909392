using Confluent.Kafka;

namespace Kappa.Iot.Streaming;

/// <summary>How far one reader is in one partition, and where that ends. Written by the thread that reads; looked at by any.</summary>
/// <param name="tags">Reader, topic and partition, as the measurements carry them.</param>
internal sealed class PartitionLag(KeyValuePair<string, object?>[] tags)
{
    private const long Unknown = -1;
    private long _next = Unknown;
    private long _end = Unknown;
    private long _endSeen = Unknown;
    private long _oldestMs = Unknown;
    private long _lastMs = Unknown;
    private bool _inHand;

    public KeyValuePair<string, object?>[] Tags => tags;

    /// <summary>Whether it is not known yet where the reader began.</summary>
    public bool IsNew => Volatile.Read(ref _next) == Unknown;

    /// <summary>Records in the log that are not handled; null while that is not known.</summary>
    public long? Records
    {
        get
        {
            var (next, end) = (Volatile.Read(ref _next), Volatile.Read(ref _end));
            return next == Unknown || end == Unknown ? null : Math.Max(0, end - next);
        }
    }

    /// <summary>Age in seconds of the oldest record that is read and not handled, else of the last one handled; 0 where nothing is left; null while none is known.</summary>
    public double? Seconds(long nowMs)
    {
        if (Records is not > 0) return Records;
        var (oldest, last) = (Volatile.Read(ref _oldestMs), Volatile.Read(ref _lastMs));
        var since = oldest != Unknown ? oldest : last;
        return since == Unknown ? null : Math.Max(0, nowMs - since) / 1000d;
    }

    /// <summary>The reader begins here, unless it has begun already.</summary>
    public void Start(long next) => Interlocked.CompareExchange(ref _next, next, Unknown);

    /// <summary>Something other than the reader knows where the log ends.</summary>
    public void Learn(long end)
    {
        if (end >= 0) Volatile.Write(ref _end, end);
    }

    /// <summary>A record was read. Only the first after what is handled matters.</summary>
    public void Take(ConsumeResult<byte[], byte[]> record)
    {
        if (_inHand) return;
        Begin(record);
        if (Volatile.Read(ref _end) <= record.Offset) Volatile.Write(ref _end, record.Offset + 1);
    }

    /// <summary>The first record in hand is another one now, or there is none: a restore went on later than was thought.</summary>
    public void Return(long next, ConsumeResult<byte[], byte[]>? first)
    {
        _inHand = false;
        Volatile.Write(ref _oldestMs, Unknown);
        Volatile.Write(ref _next, next);
        if (first is not null) Begin(first);
    }

    /// <summary>Everything that may be read was read, up to an offset: marks of transactions, which nobody handles, may be before it.</summary>
    public void ReachEnd(long offset)
    {
        _endSeen = offset;
        Volatile.Write(ref _end, offset);
        if (!_inHand) Volatile.Write(ref _next, offset);
    }

    /// <summary>What was in hand is handled.</summary>
    /// <param name="next">The offset after it.</param>
    /// <param name="last">The time of the last record of it.</param>
    /// <param name="end">Where the log ends, as far as the client knows; less than 0 where it does not.</param>
    public void Handle(long next, Timestamp last, long end)
    {
        _inHand = false;
        Volatile.Write(ref _lastMs, Milliseconds(last));
        Volatile.Write(ref _oldestMs, Unknown);
        Volatile.Write(ref _next, Math.Max(next, _endSeen));
        Learn(_endSeen >= next ? _endSeen : end);
    }

    private void Begin(ConsumeResult<byte[], byte[]> first)
    {
        _inHand = true;
        Volatile.Write(ref _oldestMs, Milliseconds(first.Message.Timestamp));
        Volatile.Write(ref _next, first.Offset);
    }

    private static long Milliseconds(Timestamp time) => time.Type == TimestampType.NotAvailable ? Unknown : time.UnixTimestampMs;
}
