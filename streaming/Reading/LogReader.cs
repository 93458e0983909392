using Confluent.Kafka;
using Kappa.Iot.Contracts;
using Microsoft.Extensions.Logging;

namespace Kappa.Iot.Streaming;

/// <summary>
/// Reads topics without a group and without committing: a stretch that is there (<see cref="ReadAsync"/>), or that and whatever comes
/// after it (<see cref="FollowAsync"/>). A log that is away is waited for. Each call has a client of its own: calls may run side by side.
/// </summary>
/// <param name="name">Names the reader to the broker and in the service's log.</param>
/// <param name="isolation">With <see cref="IsolationLevel.ReadCommitted"/>, records of aborted transactions are left out and open ones waited for.</param>
public sealed class LogReader(KafkaOptions kafka, string name, ILogger logger, IsolationLevel isolation = IsolationLevel.ReadCommitted)
{
    private const int MaxBatch = 2_000;
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);

    /// <summary>A handler of records: of each partition in the log's order, partitions mixed. What it throws ends the reading.</summary>
    public delegate ValueTask Handler(IReadOnlyList<ConsumeResult<byte[], byte[]>> records, CancellationToken cancel);

    /// <summary>The stretch of each partition of a topic from a start to the end as it is now (the high watermark: open transactions are before it).</summary>
    /// <exception cref="OperationCanceledException">It was cancelled before the log answered.</exception>
    public Task<IReadOnlyList<LogRange>> FindAsync(string topic, LogStart start, CancellationToken cancel) => Task.Run(async () =>
    {
        var backoff = new Backoff();
        while (true)
        {
            cancel.ThrowIfCancellationRequested();
            try
            {
                return Find(topic, start);
            }
            catch (KafkaException e)
            {
                logger.FindFailed(name, topic, e.Error.Code, e.Error.Reason);
                await backoff.WaitAsync(cancel);
            }
        }
    }, cancel);

    /// <summary>Reads the stretches to their ends.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled first.</exception>
    public Task ReadAsync(IReadOnlyList<LogRange> ranges, Handler handle, CancellationToken cancel) =>
        Task.Run(() => RunAsync(ranges, handle, caughtUp: null, follow: false, cancel), cancel);

    /// <summary>Reads from the starts of the stretches on, past their ends, until cancelled.</summary>
    /// <param name="caughtUp">Called once, when every stretch has been handled to its end.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public Task FollowAsync(IReadOnlyList<LogRange> ranges, Handler handle, Action? caughtUp, CancellationToken cancel) =>
        Task.Run(() => RunAsync(ranges, handle, caughtUp, follow: true, cancel), cancel);

    private async Task RunAsync(IReadOnlyList<LogRange> ranges, Handler handle, Action? caughtUp, bool follow, CancellationToken cancel)
    {
        var open = ranges.Where(range => range.Length > 0).ToDictionary(range => range.Partition, range => range.To);
        var assigned = follow ? ranges : [.. ranges.Where(range => range.Length > 0)];
        if (assigned.Count == 0)
        {
            caughtUp?.Invoke();
            return;
        }

        using var consumer = Create();
        try
        {
            consumer.Assign(assigned.Select(range => new TopicPartitionOffset(range.Partition, range.From)));
            if (open.Count == 0) caughtUp?.Invoke();
            var caught = open.Count == 0;
            var records = new List<ConsumeResult<byte[], byte[]>>();
            while (follow || open.Count > 0)
            {
                Fill(consumer, records, open, follow, cancel);
                cancel.ThrowIfCancellationRequested();
                if (records.Count > 0) await handle(records, cancel);
                records.Clear();
                if (caught || open.Count > 0) continue;
                caught = true;
                caughtUp?.Invoke();
            }
        }
        finally
        {
            consumer.Close();
        }
    }

    private void Fill(IConsumer<byte[], byte[]> consumer, List<ConsumeResult<byte[], byte[]>> records, Dictionary<TopicPartition, long> open, bool follow, CancellationToken cancel)
    {
        while (records.Count < MaxBatch && (follow || open.Count > 0))
        {
            ConsumeResult<byte[], byte[]>? record;
            try
            {
                record = consumer.Consume(records.Count > 0 ? TimeSpan.Zero : Poll);
            }
            catch (ConsumeException e) when (!e.Error.IsFatal)
            {
                logger.ReadAgain(name, e.Error.Code, e.Error.Reason);
                cancel.WaitHandle.WaitOne(Poll);
                return;
            }

            if (record is null) return;
            var partition = record.TopicPartition;
            var bounded = open.TryGetValue(partition, out var to);
            if (!record.IsPartitionEOF && (follow || (bounded && record.Offset < to))) records.Add(record);

            // At the end of a partition the "record" has the offset that comes next; the last offsets may be a transaction's marks.
            var next = record.IsPartitionEOF ? record.Offset.Value : record.Offset.Value + 1;
            if (!bounded || next < to) continue;
            open.Remove(partition);
            if (!follow) consumer.IncrementalUnassign([partition]);
        }
    }

    private IReadOnlyList<LogRange> Find(string topic, LogStart start)
    {
        // Ends are asked for without regard to transactions: an open one may still be committed, and then belongs to the stretch.
        using var consumer = Create(IsolationLevel.ReadUncommitted);
        using var admin = new DependentAdminClientBuilder(consumer.Handle).Build();
        var metadata = admin.GetMetadata(topic, AnswerWithin).Topics.Single();
        if (metadata.Error.IsError) throw new KafkaException(metadata.Error);

        var partitions = metadata.Partitions.Select(partition => new TopicPartition(topic, partition.PartitionId)).ToList();
        var byTime = start.Time is { } time
            ? consumer.OffsetsForTimes(partitions.Select(partition => new TopicPartitionTimestamp(partition, time)), AnswerWithin)
                .ToDictionary(found => found.TopicPartition, found => found.Offset)
            : null;
        return [.. partitions.Select(partition =>
        {
            var watermarks = consumer.QueryWatermarkOffsets(partition, AnswerWithin);
            long low = watermarks.Low, high = watermarks.High;
            var from = start switch
            {
                { AtEnd: true } => high,
                { Newest: { } newest } => Math.Max(low, high - newest),
                { Time: not null } => byTime![partition] is { IsSpecial: false } offset ? offset.Value : high,
                _ => low,
            };
            return new LogRange(partition, from, high);
        })];
    }

    private IConsumer<byte[], byte[]> Create(IsolationLevel? other = null) => new ConsumerBuilder<byte[], byte[]>(new ConsumerConfig(kafka.ToClientConfig(name))
    {
        GroupId = name, // asked for by the client; never joined, nothing is committed
        EnableAutoCommit = false,
        EnableAutoOffsetStore = false,
        EnablePartitionEof = true,
        AutoOffsetReset = AutoOffsetReset.Earliest,
        IsolationLevel = other ?? isolation,
        QueuedMaxMessagesKbytes = 32 * 1024,
        FetchQueueBackoffMs = 5, // the client stops asking for a second by default whenever enough records wait in it
        FetchWaitMaxMs = 100, // how late the end of a partition is seen
    }).LogTo(logger).Build();
}
