using Confluent.Kafka;
using Google.Protobuf;
using Kappa.Iot.Contracts;

namespace Kappa.Iot.AlertApi.Running;

/// <summary>Writes to the log what the gateway, the scorer and the training job write.</summary>
public sealed class LogWriter : IDisposable
{
    private readonly IProducer<string, byte[]?> _producer;

    private LogWriter(string bootstrapServers) => _producer = new ProducerBuilder<string, byte[]?>(new ProducerConfig
    {
        BootstrapServers = bootstrapServers,
        Partitioner = Partitioner.Murmur2Random,
        LingerMs = 2,
    }).Build();

    /// <summary>A writer to a log that has the platform's topics, few of whose partitions make a test quick.</summary>
    public static async Task<LogWriter> OpenAsync(string bootstrapServers, int partitions = 3)
    {
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = bootstrapServers }).Build();
        await TopicCatalogue.EnsureAsync(admin, partitions);
        return new LogWriter(bootstrapServers);
    }

    public Task WriteAsync(params TelemetryBatch[] batches) =>
        Task.WhenAll(batches.Select(b => SendAsync(TopicCatalogue.Telemetry, b.Vin, b.ToByteArray(), b.StartTimeMs)));

    public Task WriteAsync(params Score[] scores) =>
        Task.WhenAll(scores.Select(s => SendAsync(TopicCatalogue.Scores, s.Vin, s.ToByteArray(), s.StartTimeMs)));

    public Task WriteAsync(params Presence[] presences) =>
        Task.WhenAll(presences.Select(p => SendAsync(TopicCatalogue.Presence, p.Vin, p.ToByteArray())));

    public Task WriteAsync(params Alert[] alerts) => Task.WhenAll(alerts.Select(a => SendAsync(TopicCatalogue.Alerts, Key(a), a.ToByteArray())));

    public Task WriteAsync(FleetAlert alert) => SendAsync(TopicCatalogue.FleetAlerts, alert.AlertId, alert.ToByteArray());

    public Task WriteAsync(string key, RegistryEntry entry) => SendAsync(TopicCatalogue.Models, key, entry.ToByteArray());

    /// <summary>Bytes that are not what the topic carries, or null for a tombstone.</summary>
    public Task WriteRawAsync(TopicSpec topic, string key, byte[]? value) => SendAsync(topic, key, value);

    public static string Key(Alert alert) => $"{alert.Vin}/{alert.Type.ToString().ToLowerInvariant()}";

    public void Dispose() => _producer.Dispose();

    private Task<DeliveryResult<string, byte[]?>> SendAsync(TopicSpec topic, string key, byte[]? value, long? timeMs = null) => _producer.ProduceAsync(topic.Name, new()
    {
        Key = key,
        Value = value,
        Timestamp = timeMs is { } ms ? new Timestamp(ms, TimestampType.CreateTime) : Timestamp.Default,
    });
}
