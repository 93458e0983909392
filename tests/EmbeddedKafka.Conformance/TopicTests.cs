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
    public async Task A_name_has_at_most_249_characters(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        var longest = NewName("long").PadRight(249, 'x');
        await kafka.CreateTopicAsync(longest, 1);
        using (var producer = kafka.Producer())
            await producer.ProduceAsync(longest, new Message<byte[], byte[]> { Value = [1] }, Cancel);
        Assert.Single(kafka.ReadAll(longest));

        var refused = await Assert.ThrowsAsync<CreateTopicsException>(() => kafka.CreateTopicAsync(longest + "x", 1));
        Assert.Equal(ErrorCode.TopicException, refused.Results[0].Error.Code);
    }
}
