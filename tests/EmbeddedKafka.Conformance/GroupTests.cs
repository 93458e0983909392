using Confluent.Kafka;
using static Kappa.Iot.Embedded.Conformance.KafkaClients;

namespace Kappa.Iot.Embedded.Conformance;

public sealed class GroupTests(Servers servers)
{
    public static TheoryData<string, PartitionAssignmentStrategy> Strategies => new()
    {
        { Servers.Ours, PartitionAssignmentStrategy.Range },
        { Servers.Ours, PartitionAssignmentStrategy.RoundRobin },
        { Servers.Ours, PartitionAssignmentStrategy.CooperativeSticky },
        { Servers.Apache, PartitionAssignmentStrategy.Range },
        { Servers.Apache, PartitionAssignmentStrategy.RoundRobin },
        { Servers.Apache, PartitionAssignmentStrategy.CooperativeSticky },
    };

    [Theory]
    [MemberData(nameof(Strategies))]
    public async Task Partitions_move_when_members_come_and_go(string server, PartitionAssignmentStrategy strategy)
    {
        var kafka = await servers.ConnectAsync(server);
        var (topic, group) = (await kafka.CreateTopicAsync(6), NewName("group"));
        await using var first = new GroupConsumer(kafka, group, topic, c => c.PartitionAssignmentStrategy = strategy);
        await EventuallyAsync(() => first.Count == 6, "the only member has everything");

        await using (var second = new GroupConsumer(kafka, group, topic, c => c.PartitionAssignmentStrategy = strategy))
        {
            await EventuallyAsync(() => first.Count == 3 && second.Count == 3, "two members share");
            Assert.Empty(first.Assigned.Intersect(second.Assigned));
        }

        await EventuallyAsync(() => first.Count == 6, "a member that leaves gives back");
    }

    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task A_static_member_that_restarts_disturbs_nobody(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        var (topic, group) = (await kafka.CreateTopicAsync(4), NewName("group"));
        await using var other = new GroupConsumer(kafka, group, topic, c => c.GroupInstanceId = "a");
        List<int> before;
        await using (var member = new GroupConsumer(kafka, group, topic, c => c.GroupInstanceId = "b"))
        {
            await EventuallyAsync(() => other.Count == 2 && member.Count == 2, "two members share");
            before = [.. member.Assigned.Order()];
        }

        var rebalances = other.Rebalances;
        await using var again = new GroupConsumer(kafka, group, topic, c => c.GroupInstanceId = "b");
        await EventuallyAsync(() => again.Count == 2, "the member is back");
        Assert.Equal(before, again.Assigned.Order());
        Assert.Equal(rebalances, other.Rebalances);
    }

    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task A_second_owner_of_a_static_name_fences_the_first(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        var (topic, group) = (await kafka.CreateTopicAsync(), NewName("group"));
        await using var first = new GroupConsumer(kafka, group, topic, c => c.GroupInstanceId = "same");
        await EventuallyAsync(() => first.Count == 1, "the first has the partition");
        await using var second = new GroupConsumer(kafka, group, topic, c => c.GroupInstanceId = "same");
        await EventuallyAsync(() => first.Failures.Contains(ErrorCode.FencedInstanceId), "the first is fenced");
        await EventuallyAsync(() => second.Count == 1, "the second has the partition");
    }

    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task A_member_that_falls_silent_loses_its_partitions(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        var (topic, group) = (await kafka.CreateTopicAsync(2), NewName("group"));

        // A static member does not say goodbye: to the broker, closing it is falling silent.
        await using (var silent = new GroupConsumer(kafka, group, topic, c =>
        {
            c.SessionTimeoutMs = 6_000;
            c.GroupInstanceId = "silent";
        }))
            await EventuallyAsync(() => silent.Count == 2, "the first member has everything");

        await using var next = new GroupConsumer(kafka, group, topic);
        await EventuallyAsync(() => next.Count == 2, "the session of the first member has ended");
    }

    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task A_group_goes_on_where_it_committed(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        var (topic, group) = (await kafka.CreateTopicAsync(), NewName("group"));
        using (var producer = kafka.Producer())
        {
            for (var i = 0; i < 10; i++)
                await producer.ProduceAsync(topic, new Message<byte[], byte[]> { Value = [(byte)i] }, Cancel);
        }

        using (var consumer = kafka.Consumer(group))
        {
            consumer.Subscribe(topic);
            ConsumeResult<byte[], byte[]>? third = null;
            await EventuallyAsync(() => (third = consumer.Consume(TimeSpan.FromMilliseconds(200)))?.Offset == 3, "the fourth record is read");
            consumer.Commit([new TopicPartitionOffset(third!.TopicPartition, 4)]);
            consumer.Close();
        }

        using var next = kafka.Consumer(group);
        next.Subscribe(topic);
        ConsumeResult<byte[], byte[]>? first = null;
        await EventuallyAsync(() => (first = next.Consume(TimeSpan.FromMilliseconds(200))) is not null, "the next consumer reads");
        Assert.Equal(4, first!.Offset.Value);
        next.Close();
    }

    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task Cooperative_members_keep_what_they_need_not_give_up(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        var (topic, group) = (await kafka.CreateTopicAsync(6), NewName("group"));
        await using var first = new GroupConsumer(kafka, group, topic, c => c.PartitionAssignmentStrategy = PartitionAssignmentStrategy.CooperativeSticky);
        await EventuallyAsync(() => first.Count == 6, "the only member has everything");
        await using var second = new GroupConsumer(kafka, group, topic, c => c.PartitionAssignmentStrategy = PartitionAssignmentStrategy.CooperativeSticky);
        await EventuallyAsync(() => first.Count == 3 && second.Count == 3, "two members share");
        Assert.Equal(second.Assigned.Order(), first.Revoked.Order());
    }

    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task An_eager_member_gives_everything_back_before_it_gets_its_share(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        var (topic, group) = (await kafka.CreateTopicAsync(6), NewName("group"));
        await using var first = new GroupConsumer(kafka, group, topic);
        await EventuallyAsync(() => first.Count == 6, "the only member has everything");
        await using var second = new GroupConsumer(kafka, group, topic);
        await EventuallyAsync(() => first.Count == 3 && second.Count == 3, "two members share");
        Assert.Equal(Enumerable.Range(0, 6), first.Revoked.Distinct().Order());
    }

    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task A_member_with_no_strategy_in_common_is_refused(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        var (topic, group) = (await kafka.CreateTopicAsync(2), NewName("group"));
        await using var first = new GroupConsumer(kafka, group, topic, c => c.PartitionAssignmentStrategy = PartitionAssignmentStrategy.Range);
        await EventuallyAsync(() => first.Count == 2, "the only member has everything");
        await using var second = new GroupConsumer(kafka, group, topic, c => c.PartitionAssignmentStrategy = PartitionAssignmentStrategy.RoundRobin);
        await EventuallyAsync(() => second.Failures.Contains(ErrorCode.InconsistentGroupProtocol), "the second is refused");
        Assert.Equal((2, 0), (first.Count, second.Count));
    }
}
