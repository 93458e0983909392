using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Kappa.Iot.Embedded.Conformance;

/// <summary>Clients of one server, with the settings that the tests share.</summary>
public sealed class KafkaClients(string bootstrapServers)
{
    /// <summary>How long a test waits for something that should happen soon; the machine may be busy.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public string BootstrapServers => bootstrapServers;

    public static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static string NewName(string what = "test") => $"{what}-{Guid.NewGuid():N}";

    public IAdminClient Admin() => new AdminClientBuilder(new AdminClientConfig { BootstrapServers = bootstrapServers }).SetLogHandler((_, _) => { }).Build();

    public async Task<string> CreateTopicAsync(int partitions = 1, params (string Name, string Value)[] configs)
    {
        var name = NewName("topic");
        await CreateTopicAsync(name, partitions, configs);
        return name;
    }

    public async Task CreateTopicAsync(string name, int partitions, params (string Name, string Value)[] configs)
    {
        using var admin = Admin();
        await admin.CreateTopicsAsync([new TopicSpecification
        {
            Name = name,
            NumPartitions = partitions,
            ReplicationFactor = 1,
            Configs = configs.ToDictionary(c => c.Name, c => c.Value),
        }]);

        // Apache Kafka answers a moment before its broker knows of the topic.
        await EventuallyAsync(() => admin.GetMetadata(name, Patience).Topics[0].Partitions.Count == partitions, $"topic {name} is there");
    }

    public IProducer<byte[], byte[]> Producer(Action<ProducerConfig>? change = null)
    {
        var config = new ProducerConfig { BootstrapServers = bootstrapServers, Acks = Acks.All, EnableIdempotence = true, LingerMs = 5, MessageMaxBytes = 4_000_000 };
        change?.Invoke(config);
        return new ProducerBuilder<byte[], byte[]>(config).SetLogHandler((_, _) => { }).SetErrorHandler((_, _) => { }).Build();
    }

    public IProducer<byte[], byte[]> TransactionalProducer(string id, Action<ProducerConfig>? change = null)
    {
        var producer = Producer(c =>
        {
            c.TransactionalId = id;
            c.TransactionTimeoutMs = 60_000;
            change?.Invoke(c);
        });
        try
        {
            producer.InitTransactions(Patience);
            return producer;
        }
        catch
        {
            producer.Dispose();
            throw;
        }
    }

    public ConsumerBuilder<byte[], byte[]> ConsumerBuilder(string? group = null, Action<ConsumerConfig>? change = null)
    {
        var config = new ConsumerConfig
        {
            BootstrapServers = bootstrapServers,
            GroupId = group ?? NewName("group"),
            AutoOffsetReset = AutoOffsetReset.Earliest,
            EnableAutoCommit = false,
            EnablePartitionEof = true,
            SessionTimeoutMs = 10_000,
            HeartbeatIntervalMs = 500,
        };
        change?.Invoke(config);
        return new ConsumerBuilder<byte[], byte[]>(config).SetLogHandler((_, _) => { });
    }

    public IConsumer<byte[], byte[]> Consumer(string? group = null, Action<ConsumerConfig>? change = null) =>
        ConsumerBuilder(group, change).SetErrorHandler((_, _) => { }).Build();

    /// <summary>Reads a partition from an offset to its end.</summary>
    public List<ConsumeResult<byte[], byte[]>> ReadAll(
        string topic, int partition = 0, IsolationLevel isolation = IsolationLevel.ReadCommitted, long? from = null, Action<ConsumerConfig>? change = null)
    {
        using var consumer = Consumer(change: c =>
        {
            c.IsolationLevel = isolation;
            change?.Invoke(c);
        });
        consumer.Assign(new TopicPartitionOffset(topic, partition, from is { } offset ? new Offset(offset) : Offset.Beginning));
        var records = new List<ConsumeResult<byte[], byte[]>>();
        var deadline = DateTime.UtcNow + Patience;
        while (DateTime.UtcNow < deadline)
        {
            if (consumer.Consume(TimeSpan.FromSeconds(1)) is not { } result)
                continue;
            if (result.IsPartitionEOF)
                return records;
            records.Add(result);
        }

        throw new TimeoutException($"The end of {topic}-{partition} was not reached; {records.Count} records were read.");
    }

    /// <summary>Polls until the condition holds.</summary>
    public static async Task EventuallyAsync(Func<bool> condition, string what)
    {
        var deadline = DateTime.UtcNow + Patience;
        while (!condition())
        {
            if (DateTime.UtcNow > deadline)
                throw new TimeoutException($"Did not happen in {Patience}: {what}");
            await Task.Delay(50, Cancel);
        }
    }

    public static byte[] Bytes(string text) => System.Text.Encoding.UTF8.GetBytes(text);

    public static string Text(byte[]? bytes) => bytes is null ? "(null)" : System.Text.Encoding.UTF8.GetString(bytes);
}
