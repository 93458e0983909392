using Confluent.Kafka;
using Kappa.Iot.Contracts;
using Microsoft.Extensions.Logging;

namespace Kappa.Iot.Streaming;

/// <summary>
/// Reads topics without a group and without committing: a stretch that is there (<see cref="ReadAsync"/>), or that and whatever comes
/// after it (<see cref="FollowAsync"/>). A log that is away is waited for. Each call has a client of its own: calls may run side by side.
/// </summary>
public sealed class LogReader
{
    private const int MaxBatch = 2_000;
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);
    private readonly KafkaOptions _kafka;
    private readonly string _name;
    private readonly ILogger _logger;
    private readonly IsolationLevel _isolation;
    private readonly StreamingMetrics? _metrics;
    private readonly LogClients _clients;
    private readonly TimeProvider _time;

    /// <param name="kafka">Where the log is.</param>
    /// <param name="name">Names the reader to the broker, in the service's log and in its metrics.</param>
    /// <param name="logger">The service's log.</param>
    /// <param name="isolation">With <see cref="IsolationLevel.ReadCommitted"/>, records of aborted transactions are left out and open ones waited for.</param>
    /// <param name="metrics">Told what <see cref="FollowAsync"/> reads and how far behind it is; null where that is of no interest.</param>
    public LogReader(KafkaOptions kafka, string name, ILogger logger, IsolationLevel isolation = IsolationLevel.ReadCommitted, StreamingMetrics? metrics = null)
        : this(kafka, name, logger, isolation, metrics, LogClients.Kafka, TimeProvider.System)
    {
    }

    internal LogReader(KafkaOptions kafka, string name, ILogger logger, IsolationLevel isolation, StreamingMetrics? metrics, LogClients clients, TimeProvider time) =>
        (_kafka, _name, _logger, _isolation, _metrics, _clients, _time) = (kafka, name, logger, isolation, metrics, clients, time);

    /// <summary>A handler of records: of each partition in the log's order, partitions mixed. What it throws ends the reading.</summary>
    public delegate ValueTask Handler(IReadOnlyList<ConsumeResult<byte[], byte[]>> records, CancellationToken cancel);

    /// <summary>The stretch of each partition of a topic from a start to the end as it is now (the high watermark: open transactions are before it).</summary>
    /// <exception cref="OperationCanceledException">It was cancelled before the log answered.</exception>
    public Task<IReadOnlyList<LogRange>> FindAsync(string topic, LogStart start, CancellationToken cancel) => Task.Run(async () =>
    {
        var backoff = new Backoff(_time);
        while (true)
        {
            cancel.ThrowIfCancellationRequested();
            try
            {
                return Find(topic, start);
            }
            catch (KafkaException e)
            {
                _logger.FindFailed(_name, topic, e.Error.Code, e.Error.Reason);
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

    internal async Task RunAsync(IReadOnlyList<LogRange> ranges, Handler handle, Action? caughtUp, bool follow, CancellationToken cancel)
    {
        var open = ranges.Where(range => range.Length > 0).ToDictionary(range => range.Partition, range => range.To);
        var assigned = follow ? ranges : [.. ranges.Where(range => range.Length > 0)];
        if (assigned.Count == 0)
        {
            caughtUp?.Invoke();
            return;
        }

        using var consumer = Create();
        var progress = follow && _metrics is not null ? new FollowerMetrics(_metrics.OfReader(_name), consumer, ranges, _time) : null;
        try
        {
            consumer.Assign(assigned.Select(range => new TopicPartitionOffset(range.Partition, range.From)));
            if (open.Count == 0) caughtUp?.Invoke();
            var caught = open.Count == 0;
            var records = new List<ConsumeResult<byte[], byte[]>>();
            while (follow || open.Count > 0)
            {
                Fill(consumer, records, open, follow, progress, cancel);
                cancel.ThrowIfCancellationRequested();
                if (records.Count > 0)
                {
                    await handle(records, cancel);
                    progress?.Handle(records);
                }

                records.Clear();
                if (caught || open.Count > 0) continue;
                caught = true;
                caughtUp?.Invoke();
            }
        }
        finally
        {
            progress?.Dispose(); // it uses the client
            consumer.Close();
        }
    }

    private void Fill(IConsumer<byte[], byte[]> consumer, List<ConsumeResult<byte[], byte[]>> records, Dictionary<TopicPartition, long> open, bool follow, FollowerMetrics? progress, CancellationToken cancel)
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
                _logger.ReadAgain(_name, e.Error.Code, e.Error.Reason);
                _time.Wait(Poll, cancel);
                return;
            }

            if (record is null) return;
            progress?.Take(record);
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

    private IConsumer<byte[], byte[]> Create(IsolationLevel? other = null) => _clients.Consumer(new ConsumerConfig(_kafka.ToClientConfig(_name))
    {
        GroupId = _name, // asked for by the client; never joined, nothing is committed
        EnableAutoCommit = false,
        EnableAutoOffsetStore = false,
        EnablePartitionEof = true,
        AutoOffsetReset = AutoOffsetReset.Earliest,
        IsolationLevel = other ?? _isolation,
        QueuedMaxMessagesKbytes = 32 * 1024,
        FetchQueueBackoffMs = 5, // the client stops asking for a second by default whenever enough records wait in it
        FetchWaitMaxMs = 100, // how late the end of a partition is seen
    }).LogTo(_logger).Build();
}
