using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Kappa.Iot.Embedded.Tests.Fuzz;

/// <summary>A producer and a consumer that work as always, whatever others do to the server.</summary>
internal sealed class Bystander(string address, string topic)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private int _acknowledged;

    public async Task CreateTopicAsync()
    {
        using var admin = new AdminClientBuilder(new ClientConfig { BootstrapServers = address }).Build();
        await admin.CreateTopicsAsync([new TopicSpecification { Name = topic, NumPartitions = 1, ReplicationFactor = 1 }]);
    }

    /// <summary>Produces until told to stop, while a consumer reads along.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        using var producer = new ProducerBuilder<Null, string>(new ProducerConfig { BootstrapServers = address, EnableIdempotence = true }).Build();
        using var consumer = Consumer();
        while (!stop.IsCancellationRequested)
        {
            for (var i = 0; i < 20; i++)
            {
                var report = await producer.ProduceAsync(topic, new Message<Null, string> { Value = $"record {_acknowledged}" }, CancellationToken.None);
                Assert.Equal(_acknowledged, report.Offset.Value);
                _acknowledged++;
            }

            for (var i = _acknowledged - 20; i < _acknowledged; i++)
                Assert.Equal($"record {i}", consumer.Consume(Patience)?.Message.Value);
        }
    }

    /// <summary>Reads everything once more.</summary>
    public void Check(string at)
    {
        using var consumer = Consumer(at);
        for (var i = 0; i < _acknowledged; i++)
            Assert.Equal($"record {i}", consumer.Consume(Patience)?.Message.Value);
        Assert.Equal(_acknowledged, consumer.QueryWatermarkOffsets(new TopicPartition(topic, 0), Patience).High.Value);
        Assert.True(_acknowledged > 0);
    }

    private IConsumer<Ignore, string> Consumer(string? at = null)
    {
        var consumer = new ConsumerBuilder<Ignore, string>(new ConsumerConfig { BootstrapServers = at ?? address, GroupId = topic, EnableAutoCommit = false }).Build();
        consumer.Assign(new TopicPartitionOffset(topic, 0, Offset.Beginning));
        return consumer;
    }
}
