using Confluent.Kafka;
using Google.Protobuf;
using Kappa.Iot.Contracts;
using Kappa.Iot.Twins;

namespace Kappa.Iot.DigitalTwinSink.Tests;

/// <summary>A log that all tests of a class write to, each of other vehicles.</summary>
public abstract class LogFixture(string missing) : IAsyncLifetime
{
    private const int Partitions = 4;
    private IProducer<byte[], byte[]>? _producer;

    protected string? Servers { get; set; }

    /// <summary>The log's address. Skips the test where there is no such log.</summary>
    public string Address
    {
        get
        {
            Assert.SkipWhen(Servers is null, missing);
            return Servers!;
        }
    }

    public abstract Task StartAsync();

    public abstract ValueTask StopAsync();

    public async ValueTask InitializeAsync()
    {
        await StartAsync();
        if (Servers is null) return;
        var config = new KafkaOptions { BootstrapServers = Servers }.ToClientConfig("test");
        using var admin = new AdminClientBuilder(config).Build();
        await TopicCatalogue.EnsureAsync(admin, Partitions, TimeSpan.FromSeconds(60));
        _producer = new ProducerBuilder<byte[], byte[]>(new ProducerConfig(config) { EnableIdempotence = true, Partitioner = Partitioner.Murmur2Random, LingerMs = 2 }).Build();
    }

    public async ValueTask DisposeAsync()
    {
        _producer?.Dispose();
        await StopAsync();
        GC.SuppressFinalize(this);
    }

    public async Task<TwinUpdate> WriteAsync(TelemetryBatch batch)
    {
        var at = await WriteAsync(TopicCatalogue.Telemetry.Name, batch.Vin, batch.ToByteArray());
        return new ReportedUpdate(batch, at.Partition, at.Offset);
    }

    public async Task<TwinUpdate> WriteAsync(Presence presence)
    {
        var at = await WriteAsync(TopicCatalogue.Presence.Name, presence.Vin, presence.ToByteArray());
        return new PresenceUpdate(presence, at.Partition, at.Offset);
    }

    public async Task<TwinUpdate> WriteAsync(Alert alert)
    {
        var at = await WriteAsync(TopicCatalogue.Alerts.Name, $"{alert.Vin}/{alert.Type.ToString().ToLowerInvariant()}", alert.ToByteArray());
        return new AlertUpdate(alert, at.Partition, at.Offset);
    }

    public Task<DeliveryResult<byte[], byte[]>> WriteAsync(string topic, string key, byte[]? value)
    {
        Assert.SkipWhen(_producer is null, missing);
        return _producer!.ProduceAsync(topic, new Message<byte[], byte[]> { Key = System.Text.Encoding.UTF8.GetBytes(key), Value = value! });
    }
}
