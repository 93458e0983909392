using Confluent.Kafka;
using Confluent.Kafka.Admin;
using static Kappa.Iot.Embedded.Conformance.KafkaClients;

namespace Kappa.Iot.Embedded.Conformance;

public sealed class TopicTests(Servers servers)
{
    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task A_topic_is_made_deleted_and_made_again_empty(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        using var admin = kafka.Admin();
        var name = NewName("again");
        for (var round = 0; round < 3; round++)
        {
            await kafka.CreateTopicAsync(name, round + 1);
            await EventuallyAsync(() => admin.GetMetadata(name, Patience).Topics[0].Partitions.Count == round + 1, "the new topic is there");
            using (var producer = kafka.Producer())
                await producer.ProduceAsync(new TopicPartition(name, round), new Message<byte[], byte[]> { Value = [(byte)round] }, Cancel);
            var read = Assert.Single(kafka.ReadAll(name, round));
            Assert.Equal([(byte)round], read.Message.Value);
            Assert.Equal(0, read.Offset.Value);
            await admin.DeleteTopicsAsync([name]);
            await EventuallyAsync(() => admin.GetMetadata(Patience).Topics.All(t => t.Topic != name), "the topic is gone");
        }
    }

    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task Wrong_topics_are_refused_with_the_reason(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        using var admin = kafka.Admin();
        var existing = await kafka.CreateTopicAsync();
        async Task<ErrorCode> Create(TopicSpecification topic) =>
            (await Assert.ThrowsAsync<CreateTopicsException>(() => admin.CreateTopicsAsync([topic]))).Results[0].Error.Code;

        Assert.Equal(ErrorCode.TopicAlreadyExists, await Create(new TopicSpecification { Name = existing, NumPartitions = 1, ReplicationFactor = 1 }));
        Assert.Equal(ErrorCode.TopicException, await Create(new TopicSpecification { Name = "not/legal", NumPartitions = 1, ReplicationFactor = 1 }));
        Assert.Equal(ErrorCode.InvalidPartitions, await Create(new TopicSpecification { Name = NewName(), NumPartitions = 0, ReplicationFactor = 1 }));
        Assert.Equal(ErrorCode.InvalidReplicationFactor, await Create(new TopicSpecification { Name = NewName(), NumPartitions = 1, ReplicationFactor = 3 }));
        Assert.Equal(ErrorCode.InvalidConfig, await Create(new TopicSpecification
        {
            Name = NewName(),
            NumPartitions = 1,
            ReplicationFactor = 1,
            Configs = new() { ["no.such.setting"] = "1" },
        }));
        Assert.Equal(ErrorCode.InvalidConfig, await Create(new TopicSpecification
        {
            Name = NewName(),
            NumPartitions = 1,
            ReplicationFactor = 1,
            Configs = new() { ["retention.ms"] = "soon" },
        }));
        var missing = await Assert.ThrowsAsync<DeleteTopicsException>(() => admin.DeleteTopicsAsync([NewName()]));
        Assert.Equal(ErrorCode.UnknownTopicOrPart, missing.Results[0].Error.Code);
    }

    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task Settings_are_described_and_changed(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        using var admin = kafka.Admin();
        var topic = await kafka.CreateTopicAsync(1, ("retention.ms", "123456"), ("cleanup.policy", "compact"));
        var resource = new ConfigResource { Type = ResourceType.Topic, Name = topic };
        async Task<Dictionary<string, ConfigEntryResult>> Describe() => (await admin.DescribeConfigsAsync([resource]))[0].Entries;

        var before = await Describe();
        Assert.Equal(("123456", false), (before["retention.ms"].Value, before["retention.ms"].IsDefault));
        Assert.Equal("compact", before["cleanup.policy"].Value);
        Assert.Equal(("1048588", true), (before["max.message.bytes"].Value, before["max.message.bytes"].IsDefault));

        await admin.IncrementalAlterConfigsAsync(new Dictionary<ConfigResource, List<ConfigEntry>>
        {
            [resource] =
            [
                new() { Name = "retention.ms", Value = "-1", IncrementalOperation = AlterConfigOpType.Set },
                new() { Name = "cleanup.policy", Value = "delete", IncrementalOperation = AlterConfigOpType.Append },
                new() { Name = "max.message.bytes", Value = "5000", IncrementalOperation = AlterConfigOpType.Set },
            ],
        });
        // Apache Kafka answers before its broker has heard of the change.
        var after = await Describe();
        for (var patience = 0; after["retention.ms"].Value != "-1" && patience < 300; patience++)
        {
            await Task.Delay(100, Cancel);
            after = await Describe();
        }

        Assert.Equal("-1", after["retention.ms"].Value);
        Assert.Equal("compact,delete", after["cleanup.policy"].Value);

        // A setting is in force at once.
        using var producer = kafka.Producer();
        var refused = await Assert.ThrowsAsync<ProduceException<byte[], byte[]>>(
            () => producer.ProduceAsync(topic, new Message<byte[], byte[]> { Key = [1], Value = new byte[6000] }, Cancel));
        Assert.Equal(ErrorCode.MsgSizeTooLarge, refused.Error.Code);
    }

    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task Partitions_are_added(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        using var admin = kafka.Admin();
        var topic = await kafka.CreateTopicAsync(2);
        await admin.CreatePartitionsAsync([new PartitionsSpecification { Topic = topic, IncreaseTo = 5 }]);
        await EventuallyAsync(() => admin.GetMetadata(topic, Patience).Topics[0].Partitions.Count == 5, "five partitions");
        using var producer = kafka.Producer();
        await producer.ProduceAsync(new TopicPartition(topic, 4), new Message<byte[], byte[]> { Value = [4] }, Cancel);
        Assert.Single(kafka.ReadAll(topic, 4));
        await Assert.ThrowsAsync<CreatePartitionsException>(() => admin.CreatePartitionsAsync([new PartitionsSpecification { Topic = topic, IncreaseTo = 3 }]));
    }

    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task Records_are_deleted_up_to_an_offset(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        using var admin = kafka.Admin();
        var topic = await kafka.CreateTopicAsync();
        using var producer = kafka.Producer();
        for (var i = 0; i < 10; i++)
            await producer.ProduceAsync(topic, new Message<byte[], byte[]> { Value = [(byte)i] }, Cancel);
        var deleted = await admin.DeleteRecordsAsync([new TopicPartitionOffset(topic, 0, 6)]);
        Assert.Equal(6, deleted[0].Offset.Value);
        Assert.Equal([6L, 7L, 8L, 9L], kafka.ReadAll(topic).Select(r => r.Offset.Value));
        var beyond = await Assert.ThrowsAsync<DeleteRecordsException>(() => admin.DeleteRecordsAsync([new TopicPartitionOffset(topic, 0, 99)]));
        Assert.Equal(ErrorCode.OffsetOutOfRange, beyond.Results[0].Error.Code);
    }

    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task Old_and_surplus_segments_are_removed(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        var byTime = await kafka.CreateTopicAsync(1, ("retention.ms", "1000"), ("segment.bytes", "1048576"));
        var bySize = await kafka.CreateTopicAsync(1, ("retention.ms", "-1"), ("retention.bytes", "2500000"), ("segment.bytes", "1048576"));
        var kept = await kafka.CreateTopicAsync(1, ("retention.ms", "-1"), ("segment.bytes", "1048576"));
        using var producer = kafka.Producer(c => c.LingerMs = 0);
        var hourAgo = new Timestamp(DateTime.UtcNow.AddHours(-1));
        for (var i = 0; i < 40; i++)
        {
            foreach (var topic in (string[])[byTime, bySize, kept])
                await producer.ProduceAsync(topic, new Message<byte[], byte[]> { Value = new byte[100_000], Timestamp = hourAgo }, Cancel);
        }

        using var consumer = kafka.Consumer();
        long Low(string topic) => consumer.QueryWatermarkOffsets(new TopicPartition(topic, 0), Patience).Low.Value;
        await EventuallyAsync(() => Low(byTime) == 40, "everything old is gone");
        await EventuallyAsync(() => Low(bySize) is >= 10 and < 20, "what is over the size is gone");
        Assert.Equal(0, Low(kept));
        Assert.Equal(40, kafka.ReadAll(kept).Count);
    }

    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task A_compacted_topic_keeps_the_last_value_of_every_key(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        var topic = await kafka.CreateTopicAsync(
            1, ("cleanup.policy", "compact"), ("segment.ms", "1000"), ("min.cleanable.dirty.ratio", "0.01"), ("delete.retention.ms", "100"));
        using var producer = kafka.Producer(c => c.CompressionType = CompressionType.Lz4);
        using var transactional = kafka.TransactionalProducer(NewName("tx"));
        async Task Round(int round)
        {
            for (var key = 0; key < 50; key++)
                await producer.ProduceAsync(topic, new Message<byte[], byte[]> { Key = Bytes($"k{key}"), Value = key == 7 && round == 1 ? null! : Bytes($"{round}") }, Cancel);
            transactional.BeginTransaction();
            await transactional.ProduceAsync(topic, new Message<byte[], byte[]> { Key = Bytes("tx"), Value = Bytes($"{round}") }, Cancel);
            transactional.CommitTransaction(Patience);
            transactional.BeginTransaction();
            await transactional.ProduceAsync(topic, new Message<byte[], byte[]> { Key = Bytes("k1"), Value = Bytes("aborted") }, Cancel);
            transactional.AbortTransaction(Patience);
        }

        await Round(0);
        await Round(1);
        var tick = 0;
        List<ConsumeResult<byte[], byte[]>> read = [];
        await EventuallyAsync(
            () =>
            {
                // A segment is rolled by a later record, and the last segment is never compacted.
                producer.ProduceAsync(topic, new Message<byte[], byte[]> { Key = Bytes("tick"), Value = BitConverter.GetBytes(tick++) }).Wait(Patience);
                Thread.Sleep(1100);
                read = kafka.ReadAll(topic);
                return read.Count(r => Text(r.Message.Key) == "k0") == 1 && read.All(r => Text(r.Message.Key) != "k7");
            },
            "the topic is compacted and the tombstone is gone");

        foreach (var key in Enumerable.Range(0, 50).Where(k => k != 7).Select(k => $"k{k}").Append("tx"))
            Assert.Equal("1", Text(Assert.Single(read, r => Text(r.Message.Key) == key).Message.Value));
        Assert.Equal(read.Select(r => r.Offset.Value).Order(), read.Select(r => r.Offset.Value));
        Assert.DoesNotContain(kafka.ReadAll(topic), r => Text(r.Message.Value) == "aborted");
        await Assert.ThrowsAsync<ProduceException<byte[], byte[]>>(() => producer.ProduceAsync(topic, new Message<byte[], byte[]> { Value = [1] }, Cancel));
    }

    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task A_thousand_partitions_work(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        var topic = await kafka.CreateTopicAsync(1000);
        using var producer = kafka.Producer();
        await EventuallyAsync(() => kafka.Admin().GetMetadata(topic, Patience).Topics[0].Partitions.Count == 1000, "the topic is there");
        for (var i = 0; i < 1000; i += 100)
            await producer.ProduceAsync(new TopicPartition(topic, i), new Message<byte[], byte[]> { Value = BitConverter.GetBytes(i) }, Cancel);
        Assert.Equal(900, BitConverter.ToInt32(Assert.Single(kafka.ReadAll(topic, 900)).Message.Value));
        using var admin = kafka.Admin();
        await admin.DeleteTopicsAsync([topic]);
    }
}
