using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Google.Protobuf;
using Kappa.Iot.Contracts;
using Kappa.Iot.Detection;
using Kappa.Iot.Detection.Training;
using Kappa.Iot.Embedded;
using Kappa.Iot.Streaming;
using Kappa.Iot.Streaming.Models;
using Microsoft.Extensions.Logging.Abstractions;

[assembly: AssemblyFixture(typeof(Kappa.Iot.ScoringService.Tests.TestLog))]

namespace Kappa.Iot.ScoringService.Tests;

/// <summary>A log for all tests of this project, the one at KAFKA_BOOTSTRAP or else embedded-kafka; each test has topics, a group and a profile of its own.</summary>
public sealed class TestLog : IAsyncLifetime
{
    private static readonly SemaphoreSlim Training = new(1);
    private static TrainingResult? _trained;
    private EmbeddedKafka? _embedded;

    public KafkaOptions Kafka { get; private set; } = new();

    /// <summary>Another log that is there already, with the platform's topics.</summary>
    public static async Task<TestLog> AtAsync(string bootstrapServers)
    {
        var log = new TestLog { Kafka = new KafkaOptions { BootstrapServers = bootstrapServers, Partitions = 4 } };
        await TopicSetup.EnsureAsync(log.Kafka, NullLogger.Instance, TestContext.Current.CancellationToken);
        return log;
    }

    public async ValueTask InitializeAsync()
    {
        var servers = Environment.GetEnvironmentVariable("KAFKA_BOOTSTRAP");
        if (string.IsNullOrEmpty(servers)) servers = (_embedded = await EmbeddedKafka.StartAsync()).BootstrapServers;
        Kafka = new KafkaOptions { BootstrapServers = servers, Partitions = 4 };
        await TopicSetup.EnsureAsync(Kafka, NullLogger.Instance, CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        if (_embedded is not null) await _embedded.DisposeAsync();
    }

    /// <summary>Creates a topic that keeps everything: the telemetry of these tests is old by its own time.</summary>
    public async Task<string> CreateTopicAsync(string name, int partitions)
    {
        using var admin = new AdminClientBuilder(Kafka.ToClientConfig("test")).Build();
        await admin.CreateTopicsAsync([new TopicSpecification { Name = name, NumPartitions = partitions, ReplicationFactor = -1, Configs = new Dictionary<string, string> { ["retention.ms"] = "-1" } }]);
        while (admin.GetMetadata(name, TimeSpan.FromSeconds(30)).Topics.Single().Partitions.Count < partitions) await Task.Delay(50);
        return name;
    }

    /// <summary>Writes in the given order, each vehicle to the partition of its key, and waits until the log has all.</summary>
    public void Write(string topic, IEnumerable<TelemetryBatch> batches)
    {
        using var producer = CreateProducer();
        foreach (var batch in batches)
        {
            producer.Produce(topic, new Message<byte[], byte[]>
            {
                Key = System.Text.Encoding.UTF8.GetBytes(batch.Vin),
                Value = batch.ToByteArray(),
                Timestamp = new Timestamp(batch.StartTimeMs, TimestampType.CreateTime),
            });
        }

        producer.Flush(TestContext.Current.CancellationToken);
    }

    /// <summary>Writes records as they are, to the partitions they came from.</summary>
    public void Copy(string topic, IEnumerable<ConsumeResult<byte[], byte[]>> records)
    {
        using var producer = CreateProducer();
        foreach (var record in records) producer.Produce(new TopicPartition(topic, record.Partition), record.Message);
        producer.Flush(TestContext.Current.CancellationToken);
    }

    public void WriteRaw(string topic, int partition, byte[]? key, byte[]? value)
    {
        using var producer = CreateProducer();
        producer.Produce(new TopicPartition(topic, partition), new Message<byte[], byte[]> { Key = key!, Value = value! });
        producer.Flush(TestContext.Current.CancellationToken);
    }

    /// <summary>All committed records of a topic as it is now, partition by partition.</summary>
    public async Task<List<ConsumeResult<byte[], byte[]>>> ReadAsync(string topic)
    {
        var reader = new LogReader(Kafka, "test", NullLogger.Instance);
        var found = new List<ConsumeResult<byte[], byte[]>>();
        var ranges = await reader.FindAsync(topic, LogStart.Beginning, TestContext.Current.CancellationToken);
        await reader.ReadAsync(ranges, (records, _) => { found.AddRange(records); return ValueTask.CompletedTask; }, TestContext.Current.CancellationToken);
        return [.. found.OrderBy(r => r.Partition.Value).ThenBy(r => r.Offset.Value)];
    }

    /// <summary>Publishes a model for a profile and makes it the active one. All models of a run are the same, under different ids.</summary>
    public async Task<string> PromoteAsync(string profile)
    {
        var modelId = await PublishAsync(profile);
        await PromoteIdAsync(modelId);
        return modelId;
    }

    /// <summary>Publishes a model that nobody uses yet.</summary>
    /// <param name="profile">Of whom.</param>
    /// <param name="artifact">Instead of the trained one.</param>
    public async Task<string> PublishAsync(string profile, byte[]? artifact = null)
    {
        await Training.WaitAsync();
        try
        {
            var modelId = $"{profile}-{Guid.NewGuid():N}";
            _trained ??= Train();
            await Registry.PublishAsync(new ModelVersion { ModelId = modelId, Profile = profile, Detector = "virtual-sensors" }, artifact ?? _trained.Artifact, TestContext.Current.CancellationToken);
            return modelId;
        }
        finally
        {
            Training.Release();
        }
    }

    public Task PromoteIdAsync(string modelId) => Registry.PromoteAsync(modelId, "test", DateTimeOffset.UtcNow, TestContext.Current.CancellationToken);

    /// <summary>Puts a model on trial, or ends that.</summary>
    public Task TryAsync(string modelId, bool on = true) =>
        Registry.MoveAsync(modelId, on ? ModelStage.Shadow : ModelStage.Candidate, new Decision("test", DateTimeOffset.UtcNow), TestContext.Current.CancellationToken);

    /// <summary>A model as the scorer loads it.</summary>
    public static IDetector Load(string modelId, byte[]? artifact = null) => ModelArtifact.Load(modelId, artifact ?? _trained!.Artifact);

    /// <summary>A model that says something else than all others.</summary>
    public static byte[] TrainAnother() => Train(seed: 98).Artifact;

    private ModelRegistry Registry => new(Kafka, NullLogger.Instance);

    private static TrainingResult Train(int seed = 99)
    {
        var set = new TrainingSet("any", TrainingOptions.Quick);
        foreach (var batch in new Fleet("any", vehicles: 8, seed).Batches(120)) set.Add(batch);
        return VirtualSensorTrainer.Train(set, TrainingOptions.Quick);
    }

    private IProducer<byte[], byte[]> CreateProducer() => new ProducerBuilder<byte[], byte[]>(new ProducerConfig(Kafka.ToClientConfig("test"))
    {
        EnableIdempotence = true,
        Partitioner = Partitioner.Murmur2Random,
        LingerMs = 5,
    }).Build();
}
