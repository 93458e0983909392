using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Kappa.Iot.Embedded.Tests.Fuzz;

/// <summary>What real clients ask: once everything that this client library can.</summary>
internal static class Traffic
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static async Task RunAsync(string address)
    {
        var config = new ClientConfig { BootstrapServers = address };
        using var admin = new AdminClientBuilder(config).Build();
        await admin.CreateTopicsAsync(
            [.. new[] { "fuzz-a", "fuzz-b", "fuzz-c" }.Select(name => new TopicSpecification { Name = name, NumPartitions = 2, ReplicationFactor = 1 })]);
        Produce(config);
        Transact(config);
        await AdministerAsync(admin);
    }

    private static void Produce(ClientConfig config)
    {
        foreach (var compression in Enum.GetValues<CompressionType>())
        {
            using var producer = new ProducerBuilder<string, string>(new ProducerConfig(new ClientConfig(config)) { EnableIdempotence = true, CompressionType = compression, LingerMs = 20 }).Build();
            for (var i = 0; i < 40; i++)
                producer.Produce(i % 2 == 0 ? "fuzz-a" : "fuzz-b", new Message<string, string> { Key = $"k{i % 5}", Value = $"value {i} {new string('x', i)}" });
            producer.Flush(Patience);
        }
    }

    private static void Transact(ClientConfig config)
    {
        using var producer = new ProducerBuilder<string, string>(new ProducerConfig(new ClientConfig(config)) { TransactionalId = "fuzz-transactions" }).Build();
        using var consumer = new ConsumerBuilder<string, string>(new ConsumerConfig(new ClientConfig(config))
        {
            GroupId = "fuzz-group",
            GroupInstanceId = "fuzz-member",
            AutoOffsetReset = AutoOffsetReset.Earliest,
            EnableAutoCommit = false,
            IsolationLevel = IsolationLevel.ReadCommitted,
            HeartbeatIntervalMs = 100,
            FetchWaitMaxMs = 50,
        }).Build();
        consumer.Subscribe(["fuzz-a", "fuzz-b"]);
        producer.InitTransactions(Patience);
        for (var i = 0; i < 4; i++)
        {
            var record = consumer.Consume(Patience);
            producer.BeginTransaction();
            producer.Produce("fuzz-c", record.Message);
            producer.SendOffsetsToTransaction([new TopicPartitionOffset(record.TopicPartition, record.Offset + 1)], consumer.ConsumerGroupMetadata, Patience);
            if (i % 2 == 0)
                producer.CommitTransaction(Patience);
            else
                producer.AbortTransaction(Patience);
            consumer.Commit(record);
        }

        consumer.QueryWatermarkOffsets(new TopicPartition("fuzz-a", 0), Patience);
        consumer.OffsetsForTimes([new TopicPartitionTimestamp("fuzz-a", 0, new Timestamp(DateTime.UtcNow.AddMinutes(-1)))], Patience);
        Thread.Sleep(300); // heartbeats
        consumer.Close();

        using var dynamic = new ConsumerBuilder<string, string>(new ConsumerConfig(new ClientConfig(config)) { GroupId = "fuzz-group-2", AutoOffsetReset = AutoOffsetReset.Earliest }).Build();
        dynamic.Subscribe("fuzz-a");
        dynamic.Consume(Patience);
        dynamic.Close();

        using var assigned = new ConsumerBuilder<string, string>(new ConsumerConfig
        {
            BootstrapServers = config.BootstrapServers,
            GroupId = "fuzz-group-5",
            GroupProtocol = GroupProtocol.Consumer,
            AutoOffsetReset = AutoOffsetReset.Earliest,
            EnableAutoCommit = false,
        }).Build();
        assigned.Subscribe("fuzz-a");
        assigned.Commit(assigned.Consume(Patience));
        assigned.Close();
    }

    private static async Task AdministerAsync(IAdminClient admin)
    {
        var topic = new ConfigResource { Type = ResourceType.Topic, Name = "fuzz-b" };
        await admin.CreatePartitionsAsync([new PartitionsSpecification { Topic = "fuzz-b", IncreaseTo = 3 }]);
        await admin.DescribeConfigsAsync([topic]);
        await admin.IncrementalAlterConfigsAsync(new()
        {
            [topic] = [new ConfigEntry { Name = "retention.ms", Value = "3600000", IncrementalOperation = AlterConfigOpType.Set }],
        });
        await admin.DeleteRecordsAsync([new TopicPartitionOffset("fuzz-a", 0, 2)]);
        await admin.ListConsumerGroupsAsync();
        await admin.DescribeConsumerGroupsAsync(["fuzz-group"]);
        await admin.ListConsumerGroupOffsetsAsync([new ConsumerGroupTopicPartitions("fuzz-group", null)]);
        await RequestAsync(admin.DeleteConsumerGroupOffsetsAsync("fuzz-group-2", [new TopicPartition("fuzz-a", 0)]));
        await admin.DescribeClusterAsync();
        await admin.DescribeTopicsAsync(TopicCollection.OfTopicNames(["fuzz-a"]));
        await RequestAsync(admin.DeleteGroupsAsync(["fuzz-group-2"]));
        await admin.DeleteTopicsAsync(["fuzz-c"]);
    }

    /// <summary>The request counts; the answer depends on whether the group's member is gone already.</summary>
    private static async Task RequestAsync(Task request)
    {
        try
        {
            await request;
        }
        catch (KafkaException e) when (e is DeleteConsumerGroupOffsetsException or DeleteGroupsException)
        {
            // Answered, with an error.
        }
    }
}
