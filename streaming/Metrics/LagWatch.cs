using Confluent.Kafka;

namespace Kappa.Iot.Streaming;

/// <summary>
/// Asks the log every few seconds where the partitions of a reader end, beside the thread that reads: what the client knows by itself is
/// as old as the last records it fetched, and it fetches none of what is paused or has no room.
/// </summary>
internal sealed class LagWatch : IDisposable
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(1);
    private readonly IConsumer<byte[], byte[]> _consumer;
    private readonly ReaderMetrics _metrics;
    private readonly AutoOffsetReset _start;
    private readonly ITimer _timer;
    private readonly Lock _asking = new();
    private volatile bool _disposed;

    /// <param name="start">Where the reader begins in partitions of which the group has committed nothing.</param>
    public LagWatch(IConsumer<byte[], byte[]> consumer, ReaderMetrics metrics, TimeProvider time, AutoOffsetReset start = AutoOffsetReset.Earliest)
    {
        (_consumer, _metrics, _start) = (consumer, metrics, start);
        _timer = time.CreateTimer(_ => Ask(), null, Every, Every);
    }

    /// <summary>Asks at once: there are new partitions.</summary>
    public void Hurry() => _timer.Change(TimeSpan.Zero, Every);

    /// <summary>Waits for an answer that is under way: the client may be closed after that.</summary>
    public void Dispose()
    {
        _disposed = true;
        _timer.Dispose();
        lock (_asking) { }
    }

    private void Ask()
    {
        if (!_asking.TryEnter()) return; // the last round takes long
        try
        {
            foreach (var (partition, lag) in _metrics.Partitions)
            {
                if (_disposed) return;
                var ends = _consumer.QueryWatermarkOffsets(partition, AnswerWithin);
                if (lag.IsNew) lag.Start(Begin(partition, ends));
                lag.Learn(ends.High);
            }
        }
        catch (KafkaException)
        {
            // The log is away, which the reader says where it matters: the ends stay what they were until the next round.
        }
        finally
        {
            _asking.Exit();
        }
    }

    private long Begin(TopicPartition partition, WatermarkOffsets ends)
    {
        var committed = _consumer.Committed([partition], AnswerWithin)[0].Offset;
        if (!committed.IsSpecial) return committed;
        return _start == AutoOffsetReset.Latest ? ends.High : ends.Low;
    }
}
