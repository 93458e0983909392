using System.Diagnostics.Metrics;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Kappa.Iot.Contracts;
using Kappa.Iot.Streaming;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

[assembly: AssemblyFixture(typeof(Kappa.Iot.Streaming.Tests.Log))]

namespace Kappa.Iot.Streaming.Tests;

/// <summary>A log for the tests of this project. Each test makes topics of its own.</summary>
public sealed class Log : IAsyncLifetime
{
    public KafkaOptions Kafka { get; private set; } = new();

    public static ILogger Logger { get; } = Environment.GetEnvironmentVariable("TEST_LOG") is { } path
        ? new FileLogger(path) : NullLogger.Instance;

    public static StreamingMetrics Metrics { get; } = new(new Meters(), TimeProvider.System);

    public ValueTask InitializeAsync()
    {
        Kafka = new KafkaOptions { BootstrapServers = Environment.GetEnvironmentVariable("KAFKA_BOOTSTRAP") ?? throw new InvalidOperationException("KAFKA_BOOTSTRAP is not set.") };
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>Creates a topic with a name that no other test has.</summary>
    public async Task<string> CreateTopicAsync(int partitions)
    {
        var name = $"test-{Guid.NewGuid():N}";
        using var admin = new AdminClientBuilder(Kafka.ToClientConfig("test")).Build();
        await admin.CreateTopicsAsync([new TopicSpecification { Name = name, NumPartitions = partitions, ReplicationFactor = -1 }]);
        while (admin.GetMetadata(name, TimeSpan.FromSeconds(30)).Topics.Single().Partitions.Count < partitions) await Task.Delay(50);
        return name;
    }

    public void Write(string topic, IEnumerable<(int Partition, string Value)> records, DateTimeOffset? time = null)
    {
        using var producer = new ProducerBuilder<byte[], byte[]>(new ProducerConfig(Kafka.ToClientConfig("test")) { EnableIdempotence = true }).Build();
        Write(producer, topic, records, time);
        producer.Flush(TestContext.Current.CancellationToken);
    }

    public static void Write(IProducer<byte[], byte[]> producer, string topic, IEnumerable<(int Partition, string Value)> records, DateTimeOffset? time = null)
    {
        foreach (var (partition, value) in records)
        {
            var message = new Message<byte[], byte[]> { Value = System.Text.Encoding.UTF8.GetBytes(value) };
            if (time is { } at) message.Timestamp = new Timestamp(at);
            producer.Produce(new TopicPartition(topic, partition), message);
        }
    }

    /// <summary>Everything in a topic now, partition by partition.</summary>
    public async Task<List<(int Partition, string Value)>> ReadAsync(string topic, LogStart start = default)
    {
        var reader = new LogReader(Kafka, "test", Logger);
        var found = new List<ConsumeResult<byte[], byte[]>>();
        var ranges = await reader.FindAsync(topic, start, TestContext.Current.CancellationToken);
        await reader.ReadAsync(ranges, (records, _) => { found.AddRange(records); return ValueTask.CompletedTask; }, TestContext.Current.CancellationToken);
        return [.. found.OrderBy(r => r.Partition.Value).ThenBy(r => r.Offset.Value).Select(r => (r.Partition.Value, Text(r)))];
    }

    public static string Text(ConsumeResult<byte[], byte[]> record) => System.Text.Encoding.UTF8.GetString(record.Message.Value);

    private sealed class Meters : IMeterFactory
    {
        public Meter Create(MeterOptions options) => new(options);

        public void Dispose() { }
    }

    private sealed class FileLogger(string path) : ILogger
    {
        private static readonly Lock Gate = new();

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (!IsEnabled(logLevel)) return;
            lock (Gate) File.AppendAllText(path, $"{DateTime.UtcNow:HH:mm:ss.fff} {logLevel} {formatter(state, exception)} {exception}\n");
        }
    }
}
