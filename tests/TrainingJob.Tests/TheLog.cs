using Confluent.Kafka;
using Google.Protobuf;
using Kappa.Iot.Contracts;
using Kappa.Iot.Detection;
using Kappa.Iot.Embedded;
using Kappa.Iot.Streaming.Models;
using Kappa.Iot.TrainingJob.Tests;
using Microsoft.Extensions.Logging.Abstractions;

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

    /// <summary>Writes other bytes over a model's first chunk.</summary>
    public async Task DamageAsync(string modelId)
    {
        using var producer = CreateProducer();
        await producer.ProduceAsync(TopicCatalogue.ModelArtifacts.Name, new Message<byte[], byte[]>
        {
            Key = System.Text.Encoding.UTF8.GetBytes($"{modelId}/0"),
            Value = [1, 2, 3],
        }, TestContext.Current.CancellationToken);
    }

    /// <summary>Trains a small model on what a profile has on the log.</summary>
    public async Task<string> TrainAsync(string profile, params string[] more)
    {
        string[] range = more.Contains("--to") ? [] : ["--to", Fleet.Time(100_000)];
        var run = await Run.Of(["train", "--profile", profile, "--from", Fleet.Time(0), .. range, "--kafka", Address, "--effort", "quick", "--disturbances", "200", .. more]);
        Assert.True(run.ExitCode == 0, run.People);
        return run.LastLine;
    }

    /// <summary>Publishes a model once more, as one that alerts at another threshold.</summary>
    public async Task<string> PublishWithThresholdAsync(string modelId, float threshold)
    {
        var registry = new ModelRegistry(Kafka, NullLogger.Instance);
        var version = (await registry.ReadAllAsync(TestContext.Current.CancellationToken)).Find(modelId).Clone();
        var (model, parts) = ModelArtifact.Read(modelId, await registry.ReadArtifactAsync(modelId, TestContext.Current.CancellationToken));
        version.ModelId = $"{modelId}-{Guid.NewGuid():N}";
        version.Stage = ModelStage.Candidate;
        await registry.PublishAsync(version, ModelArtifact.Save(model with { Threshold = threshold }, parts), TestContext.Current.CancellationToken);
        return version.ModelId;
    }

    public IProducer<byte[], byte[]> CreateProducer() => new ProducerBuilder<byte[], byte[]>(new ProducerConfig(Kafka.ToClientConfig("test"))
    {
        Acks = Acks.All,
        Partitioner = Partitioner.Murmur2Random,
        QueueBufferingMaxMessages = 1_000_000,
    }).Build();
}
