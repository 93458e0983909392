using System.Text;
using Confluent.Kafka;
using Google.Protobuf;
using Kappa.Iot.Contracts;

namespace Kappa.Iot.TrainingJob.Import;

/// <summary>Writes telemetry as the gateway does: keyed by vehicle, partitioned by murmur2, stamped with its event time, idempotent, acknowledged by all replicas.</summary>
internal sealed class TelemetryProducer : IDisposable
{
    private const int MaxInFlight = 20_000;
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(30);

    private readonly IProducer<byte[], byte[]> _producer;
    private readonly SemaphoreSlim _room = new(MaxInFlight);
    private Error? _failed;
    private long _stored;

    public TelemetryProducer(KafkaOptions kafka) => _producer = new ProducerBuilder<byte[], byte[]>(new ProducerConfig(kafka.ToClientConfig("training-job-import"))
    {
        EnableIdempotence = true,
        Acks = Acks.All,
        Partitioner = Partitioner.Murmur2Random,
        CompressionType = CompressionType.Lz4,
        LingerMs = 5,
        QueueBufferingMaxMessages = 2 * MaxInFlight,
        MessageTimeoutMs = (int)AnswerWithin.TotalMilliseconds,
        MessageMaxBytes = 2 * 1024 * 1024, // the broker's own limit decides
    }).SetErrorHandler((_, _) => { }).SetLogHandler((_, _) => { }).Build(); // what fails is told once, by the delivery report

    /// <summary>Batches that the log has acknowledged.</summary>
    public long Stored => Interlocked.Read(ref _stored);

    /// <summary>Writes a batch; waits while too many are not acknowledged yet.</summary>
    /// <exception cref="CommandException">The log refused a batch before this one.</exception>
    public async Task WriteAsync(TelemetryBatch batch, CancellationToken cancel)
    {
        await _room.WaitAsync(cancel);
        Check();
        _producer.Produce(TopicCatalogue.Telemetry.Name, new Message<byte[], byte[]>
        {
            Key = Encoding.UTF8.GetBytes(batch.Vin),
            Value = batch.ToByteArray(),
            Timestamp = new Timestamp(batch.StartTimeMs, TimestampType.CreateTime),
        }, Delivered);
    }

    /// <summary>Waits until everything is acknowledged.</summary>
    /// <exception cref="CommandException">The log refused a batch.</exception>
    public async Task FlushAsync(CancellationToken cancel)
    {
        await Task.Run(() => _producer.Flush(cancel), cancel);
        Check();
    }

    public void Dispose()
    {
        _producer.Dispose();
        _room.Dispose();
    }

    private void Delivered(DeliveryReport<byte[], byte[]> report)
    {
        if (report.Error.IsError) Interlocked.CompareExchange(ref _failed, report.Error, null);
        else Interlocked.Increment(ref _stored);
        _room.Release();
    }

    private void Check()
    {
        if (Volatile.Read(ref _failed) is { } error)
            throw new CommandException($"The log refused a batch after it had taken {Stored}: {error.Reason}. Run the same import again: it writes only what is missing.");
    }
}
