using Confluent.Kafka;
using Confluent.Kafka.Admin;
using static Kappa.Iot.Embedded.Conformance.KafkaClients;

namespace Kappa.Iot.Embedded.Conformance;

public sealed class GroupAdminTests(Servers servers)
{
    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task Groups_can_be_listed_described_and_deleted(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        var (topic, group) = (await kafka.CreateTopicAsync(2), NewName("group"));
        using var admin = kafka.Admin();
        await using (var consumer = new GroupConsumer(kafka, group, topic))
        {
            await EventuallyAsync(() => consumer.Count == 2, "the member has everything");
            var described = (await admin.DescribeConsumerGroupsAsync([group])).ConsumerGroupDescriptions[0];
            Assert.Equal(ConsumerGroupState.Stable, described.State);
            Assert.Equal(2, Assert.Single(described.Members).Assignment.TopicPartitions.Count);
            consumer.CommitAll();
            await Assert.ThrowsAnyAsync<KafkaException>(() => admin.DeleteGroupsAsync([group]));
        }

        await EventuallyAsync(() => admin.DescribeConsumerGroupsAsync([group]).Result.ConsumerGroupDescriptions[0].State == ConsumerGroupState.Empty, "the group is empty");
        Assert.Contains((await admin.ListConsumerGroupsAsync()).Valid, g => g.GroupId == group);
        var offsets = await admin.ListConsumerGroupOffsetsAsync([new ConsumerGroupTopicPartitions(group, null)]);
        Assert.Equal(2, offsets[0].Partitions.Count);
        await admin.DeleteGroupsAsync([group]);
        Assert.DoesNotContain((await admin.ListConsumerGroupsAsync()).Valid, g => g.GroupId == group);
    }

    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task Offsets_of_an_empty_group_are_set_and_deleted(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        var (topic, group) = (await kafka.CreateTopicAsync(3), NewName("group"));
        using var admin = kafka.Admin();
        async Task<List<TopicPartitionOffsetError>> Offsets() =>
            (await admin.ListConsumerGroupOffsetsAsync([new ConsumerGroupTopicPartitions(group, null)]))[0].Partitions;

        await SetOffsetsAsync(admin, group, [.. Enumerable.Range(0, 3).Select(i => new TopicPartitionOffset(topic, i, i + 10))]);
        Assert.Equal([10L, 11L, 12L], (await Offsets()).OrderBy(o => o.Partition.Value).Select(o => o.Offset.Value));

        await admin.DeleteConsumerGroupOffsetsAsync(group, [new TopicPartition(topic, 1)]);
        Assert.Equal([0, 2], (await Offsets()).Select(o => o.Partition.Value).Order());
    }


    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task Offsets_that_a_member_reads_from_cannot_be_deleted(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        var (topic, other, group) = (await kafka.CreateTopicAsync(), await kafka.CreateTopicAsync(), NewName("group"));
        using var admin = kafka.Admin();
        await SetOffsetsAsync(admin, group, [new TopicPartitionOffset(topic, 0, 1), new TopicPartitionOffset(other, 0, 2)]);
        await using var member = new GroupConsumer(kafka, group, topic);
        await EventuallyAsync(() => member.Count == 1, "the member has the partition");

        var refused = await Assert.ThrowsAsync<DeleteConsumerGroupOffsetsException>(() => admin.DeleteConsumerGroupOffsetsAsync(group, [new TopicPartition(topic, 0)]));
        Assert.Equal(ErrorCode.GroupSubscribedToTopic, refused.Result.Partitions[0].Error.Code);
        await admin.DeleteConsumerGroupOffsetsAsync(group, [new TopicPartition(other, 0)]);
        await Assert.ThrowsAnyAsync<KafkaException>(() => admin.AlterConsumerGroupOffsetsAsync(
            [new ConsumerGroupTopicPartitionOffsets(group, [new TopicPartitionOffset(topic, 0, 0)])]));
    }


    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task Groups_are_listed_by_state_and_unknown_ones_are_dead(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        var (topic, group, empty) = (await kafka.CreateTopicAsync(), NewName("group"), NewName("group"));
        using var admin = kafka.Admin();
        await SetOffsetsAsync(admin, empty, [new TopicPartitionOffset(topic, 0, 1)]);
        await using var member = new GroupConsumer(kafka, group, topic);
        await EventuallyAsync(() => member.Count == 1, "the member has the partition");

        async Task<IEnumerable<string>> InState(ConsumerGroupState state) =>
            (await admin.ListConsumerGroupsAsync(new ListConsumerGroupsOptions { MatchStates = [state] })).Valid.Select(g => g.GroupId);
        var stable = await InState(ConsumerGroupState.Stable);
        Assert.Contains(group, stable);
        Assert.DoesNotContain(empty, stable);
        Assert.Contains(empty, await InState(ConsumerGroupState.Empty));

        var unknown = (await admin.DescribeConsumerGroupsAsync([NewName("group")])).ConsumerGroupDescriptions[0];
        Assert.Equal(ConsumerGroupState.Dead, unknown.State);
        var missing = await Assert.ThrowsAsync<DeleteGroupsException>(() => admin.DeleteGroupsAsync([NewName("group")]));
        Assert.Equal(ErrorCode.GroupIdNotFound, missing.Results[0].Error.Code);
    }

    /// <summary>Sets offsets; an Apache Kafka that has just started makes its offsets topic first.</summary>
    private static Task SetOffsetsAsync(IAdminClient admin, string group, List<TopicPartitionOffset> offsets) => EventuallyAsync(
        () =>
        {
            try
            {
                admin.AlterConsumerGroupOffsetsAsync([new ConsumerGroupTopicPartitionOffsets(group, offsets)]).GetAwaiter().GetResult();
                return true;
            }
            catch (AlterConsumerGroupOffsetsException e) when (e.Results[0].Partitions.TrueForAll(p => p.Error.Code is ErrorCode.NoError
                or ErrorCode.GroupLoadInProgress or ErrorCode.GroupCoordinatorNotAvailable or ErrorCode.NotCoordinatorForGroup))
            {
                return false;
            }
        },
        $"the coordinator of {group} takes offsets");
}
