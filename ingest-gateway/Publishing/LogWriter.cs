using System.Text;
using Confluent.Kafka;
using Kappa.Iot.Contracts;
using Microsoft.Extensions.Options;

namespace Kappa.Iot.IngestGateway;

/// <summary>
/// Writes to the log, idempotent and with acks from all replicas. A write's task completes with the log's own delivery report: what it
/// says is stored is stored.
/// </summary>
internal sealed partial class LogWriter : IHostedService, IDisposable
{
    /// <summary>Room in the producer's queue beside the publishes: presence, and dead letters with their headers.</summary>
    private const int SpareMessages = 250_000;
    private const int SpareKilobytes = 64 * 1024;

    private readonly KafkaOptions _kafka;
    private readonly PublishingOptions _publishing;
    private readonly ILogger<LogWriter> _logger;
    private readonly TimeProvider _time;
    private readonly TimeSpan _shutdown;
    private readonly Lock _replacing = new();
    private long _lastComplaint = long.MinValue;
    private IProducer<byte[], byte[]> _producer;

    public LogWriter(IOptions<KafkaOptions> kafka, IOptions<PublishingOptions> publishing, IOptions<HostOptions> host, TimeProvider time, ILogger<LogWriter> logger)
    {
        _kafka = kafka.Value;
        _publishing = publishing.Value;
        _shutdown = host.Value.ShutdownTimeout;
        _time = time;
        _logger = logger;
        _producer = Create();
    }

    /// <summary>Writes one record.</summary>
    /// <param name="timestamp">Event time; null for now.</param>
    /// <param name="whenStored">What the task completes with once the log has the record; <see cref="PublishOutcome.Failed"/> otherwise. It never faults.</param>
    public Task<PublishOutcome> WriteAsync(string topic, string key, byte[] value, DateTimeOffset? timestamp, Headers? headers, PublishOutcome whenStored)
    {
        var completion = new TaskCompletionSource<PublishOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
        var message = new Message<byte[], byte[]>
        {
            Key = Encoding.UTF8.GetBytes(key),
            Value = value,
            Headers = headers,
            Timestamp = timestamp is { } at ? new Timestamp(at) : Timestamp.Default,
        };
        Produce(topic, message, stored => completion.SetResult(stored ? whenStored : PublishOutcome.Failed));
        return completion.Task;
    }

    /// <summary>Writes one record and calls back with whether the log has it; the callback must be short, all deliveries wait for it.</summary>
    public void Produce(string topic, Message<byte[], byte[]> message, Action<bool> delivered)
    {
        var producer = Volatile.Read(ref _producer);
        try
        {
            producer.Produce(topic, message, report =>
            {
                if (report.Error.IsError) Complain(topic, report.Error);
                delivered(!report.Error.IsError && report.Status == PersistenceStatus.Persisted);
            });
        }
        catch (ProduceException<byte[], byte[]> e)
        {
            Complain(topic, e.Error);
            if (e.Error.Code == ErrorCode.Local_Fatal || e.Error.IsFatal) Replace(producer, e.Error);
            delivered(false);
        }
        catch (ObjectDisposedException)
        {
            // Replaced by another thread after this one took it.
            delivered(false);
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Stops after everything else: waits for the delivery reports of what was written last.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => Task.Run(() =>
    {
        var left = _producer.Flush(_shutdown);
        if (left > 0) Unflushed(left, _shutdown);
    }, CancellationToken.None);

    public void Dispose() => _producer.Dispose();

    /// <summary>A producer that met a fatal error (its sequence is broken) takes nothing more; a new one starts afresh.</summary>
    private void Replace(IProducer<byte[], byte[]> broken, Error error)
    {
        lock (_replacing)
        {
            if (!ReferenceEquals(_producer, broken)) return;
            ProducerReplaced(error.Reason);
            Volatile.Write(ref _producer, Create());
        }

        _ = Task.Run(broken.Dispose);
    }

    private IProducer<byte[], byte[]> Create()
    {
        var milliseconds = (int)_publishing.DeliveryTimeout.TotalMilliseconds;
        var config = new ProducerConfig(_kafka.ToClientConfig("ingest-gateway"))
        {
            EnableIdempotence = true,
            Acks = Acks.All,
            Partitioner = Partitioner.Murmur2Random,
            CompressionType = _publishing.Compression,
            LingerMs = _publishing.Linger.TotalMilliseconds,
            MessageTimeoutMs = milliseconds,
            RequestTimeoutMs = Math.Min(milliseconds, 30_000),
            QueueBufferingMaxMessages = _publishing.MaxInFlight + SpareMessages,
            QueueBufferingMaxKbytes = (int)Math.Min(int.MaxValue / 2, _publishing.MaxInFlightBytes / 1024 * 2 + SpareKilobytes),
            BatchSize = 256 * 1024,
            MessageMaxBytes = 2 * 1024 * 1024, // the broker's own limit decides
            ReconnectBackoffMaxMs = 1_000,
            TopicMetadataRefreshIntervalMs = 30_000,
            DeliveryReportFields = "status",
        };
        return new ProducerBuilder<byte[], byte[]>(config)
            .SetErrorHandler((producer, error) =>
            {
                if (error.IsFatal) Replace((IProducer<byte[], byte[]>)producer, error);
                else ProducerNotes(error.Reason);
            })
            .SetLogHandler((_, line) => ClientLog(line.Message))
            .Build();
    }

    /// <summary>One line every few seconds: while the log is away, every message fails for the same reason.</summary>
    private void Complain(string topic, Error error)
    {
        var now = _time.GetTimestamp();
        var last = Volatile.Read(ref _lastComplaint);
        if (last != long.MinValue && _time.GetElapsedTime(last, now) < TimeSpan.FromSeconds(5)) return;
        if (Interlocked.CompareExchange(ref _lastComplaint, now, last) == last) NotStored(topic, error.Reason);
    }
}
