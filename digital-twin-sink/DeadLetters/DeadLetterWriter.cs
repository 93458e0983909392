using System.Text;
using Confluent.Kafka;
using Kappa.Iot.Contracts;
using Microsoft.Extensions.Options;

namespace Kappa.Iot.DigitalTwinSink;

/// <summary>Puts records that cannot be taken in aside, on the dead-letter topic.</summary>
internal sealed class DeadLetterWriter(IOptions<KafkaOptions> kafka, TimeProvider time, SinkMetrics metrics, ILogger<DeadLetterWriter> logger) : IDisposable
{
    private const int CutTo = 256 * 1024;

    private readonly Lazy<IProducer<byte[], byte[]>> _producer = new(() => Create(kafka.Value, logger));

    /// <summary>Up to where each partition's records have been looked at: what is read again is not put aside again.</summary>
    private readonly Dictionary<TopicPartition, long> _done = [];

    /// <summary>Writes the record, unless this process did before, and returns when the log has it.</summary>
    /// <exception cref="KafkaException">The log does not take it.</exception>
    public async Task WriteAsync(ConsumeResult<byte[], byte[]> record, RecordRead.Rejected rejected)
    {
        if (_done.TryGetValue(record.TopicPartition, out var done) && record.Offset <= done) return;

        var position = $"{record.Topic}/{record.Partition.Value}@{record.Offset.Value}";
        var value = record.Message.Value ?? [];
        try
        {
            await SendAsync(value, rejected.Detail);
        }
        catch (ProduceException<byte[], byte[]> e) when (e.Error.Code == ErrorCode.MsgSizeTooLarge && value.Length > CutTo)
        {
            // A record of just the greatest size does not fit any more with headers.
            await SendAsync(value[..CutTo], $"{rejected.Detail} (the first {CutTo} of its {value.Length} bytes)");
        }

        _done[record.TopicPartition] = record.Offset;
        metrics.DeadLettered(record.Topic, rejected.Reason);
        logger.PutAside(position, rejected.Reason, rejected.Detail);

        Task SendAsync(byte[] payload, string detail) => _producer.Value.ProduceAsync(TopicCatalogue.DeadLetter.Name, new Message<byte[], byte[]>
        {
            Key = record.Message.Key ?? [],
            Value = payload,
            Headers = Headers(record, rejected.Reason, $"digital-twin-sink cannot take it in: {detail}", position),
        });
    }

    public void Dispose()
    {
        if (_producer.IsValueCreated) _producer.Value.Dispose();
    }

    private Headers Headers(ConsumeResult<byte[], byte[]> record, string reason, string detail, string position)
    {
        var headers = new Headers();
        Add(DeadLetterHeaders.Reason, reason);
        Add(DeadLetterHeaders.Detail, detail);
        Add(DeadLetterHeaders.Position, position);
        headers.Add(DeadLetterHeaders.ClientId, record.Message.Key ?? []);
        Add(DeadLetterHeaders.Time, time.GetUtcNow().ToString("O"));
        return headers;

        void Add(string name, string value) => headers.Add(name, Encoding.UTF8.GetBytes(value));
    }

    private static IProducer<byte[], byte[]> Create(KafkaOptions kafka, ILogger logger)
    {
        var config = new ProducerConfig(kafka.ToClientConfig("digital-twin-sink")) { Acks = Acks.All, EnableIdempotence = true, MessageTimeoutMs = 30_000, LingerMs = 0 };
        return new ProducerBuilder<byte[], byte[]>(config)
            .SetLogHandler((_, _) => { }) // errors come back from each write, and below
            .SetErrorHandler((_, error) => logger.LogUnreachable(error.Code, error.Reason))
            .Build();
    }
}
