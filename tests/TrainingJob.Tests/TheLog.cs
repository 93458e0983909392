using Confluent.Kafka;
using Google.Protobuf;
using Kappa.Iot.Contracts;
using Kappa.Iot.Embedded;
using Kappa.Iot.TrainingJob.Tests;

[assembly: AssemblyFixture(typeof(TheLog))]

namespace Kappa.Iot.TrainingJob.Tests;

/// <summary>The log that all tests share: the one at <c>KAFKA_BOOTSTRAP</c>, or else an embedded one. Each test has a profile of its own.</summary>
public sealed class TheLog : IAsyncLifetime
{
    private EmbeddedKafka? _embedded;

    public string Address { get; private set; } = "";

    public KafkaOptions Kafka => new() { BootstrapServers = Address, Partitions = 4 };

    public static string NewProfile() => $"test-{Guid.NewGuid():N}";

    public async ValueTask InitializeAsync()
    {
        if (Environment.GetEnvironmentVariable("KAFKA_BOOTSTRAP") is { Length: > 0 } address)
        {
            Address = address;
        }
        else
        {
            _embedded = await EmbeddedKafka.StartAsync(TestContext.Current.CancellationToken);
            Address = _embedded.BootstrapServers;
        }
        using var admin = new AdminClientBuilder(Kafka.ToClientConfig("test")).Build();
        await TopicCatalogue.EnsureAsync(admin, partitions: 4);
    }

    public async ValueTask DisposeAsync()
    {
        if (_embedded is not null) await _embedded.DisposeAsync();
    }

    /// <summary>Writes batches as the gateway does.</summary>
    public void Write(IEnumerable<TelemetryBatch> batches)
    {
        using var producer = CreateProducer();
        foreach (var batch in batches)
        {
            producer.Produce(TopicCatalogue.Telemetry.Name, new Message<byte[], byte[]>
            {
                Key = System.Text.Encoding.UTF8.GetBytes(batch.Vin),
                Value = batch.ToByteArray(),
                Timestamp = new Timestamp(batch.StartTimeMs, TimestampType.CreateTime),
            });
        }
        producer.Flush(TestContext.Current.CancellationToken);
    }

    public IProducer<byte[], byte[]> CreateProducer() => new ProducerBuilder<byte[], byte[]>(new ProducerConfig(Kafka.ToClientConfig("test"))
    {
        Acks = Acks.All,
        Partitioner = Partitioner.Murmur2Random,
        QueueBufferingMaxMessages = 1_000_000,
    }).Build();
}
