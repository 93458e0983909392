using Confluent.Kafka;
using Confluent.Kafka.Admin;
using static Kappa.Iot.Embedded.Conformance.KafkaClients;

namespace Kappa.Iot.Embedded.Conformance;

public sealed class ClusterTests(Servers servers)
{
    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task The_cluster_is_one_broker_that_is_its_own_controller(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        using var admin = kafka.Admin();
        var cluster = await admin.DescribeClusterAsync();
        var node = Assert.Single(cluster.Nodes);
        Assert.Equal(1, node.Id);
        Assert.Equal(kafka.BootstrapServers, $"{node.Host}:{node.Port}");
        Assert.Equal(1, cluster.Controller.Id);
        Assert.NotEmpty(cluster.ClusterId);
        var metadata = admin.GetMetadata(Patience);
        Assert.Equal(1, metadata.OriginatingBrokerId);
        Assert.Equal(1, Assert.Single(metadata.Brokers).BrokerId);
    }

    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task A_topic_is_described_with_its_id_and_leaders(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        using var admin = kafka.Admin();
        var (first, second) = (await kafka.CreateTopicAsync(3), await kafka.CreateTopicAsync());
        var described = (await admin.DescribeTopicsAsync(TopicCollection.OfTopicNames([first, second]))).TopicDescriptions;
        Assert.Equal([first, second], described.Select(d => d.Name));
        Assert.NotEqual(described[0].TopicId, described[1].TopicId);
        Assert.Equal([0, 1, 2], described[0].Partitions.Select(p => p.Partition));
        Assert.All(described[0].Partitions, p => Assert.Equal((1, 1, 1), (p.Leader.Id, p.Replicas.Single().Id, p.ISR.Single().Id)));
        var missing = await Assert.ThrowsAsync<DescribeTopicsException>(() => admin.DescribeTopicsAsync(TopicCollection.OfTopicNames([NewName()])));
        Assert.Equal(ErrorCode.UnknownTopicOrPart, missing.Results.TopicDescriptions[0].Error.Code);
    }
}
