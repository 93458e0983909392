using Confluent.Kafka;
using Confluent.Kafka.Admin;
using static Kappa.Iot.Embedded.Conformance.KafkaClients;

namespace Kappa.Iot.Embedded.Conformance;

/// <summary>The consumer protocol (KIP-848): the server assigns.</summary>
public sealed class NewProtocolTests(Servers servers)
{
    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task Everything_is_consumed_once_while_members_come_leave_and_take_over(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        var (topic, group) = (await kafka.CreateTopicAsync(6), NewName("group"));
        await using var first = Member(kafka, group, topic);
        await EventuallyAsync(() => first.Count == 6, "the only member has everything");
        await using var second = Member(kafka, group, topic);
        await EventuallyAsync(() => first.Count == 3 && second.Count == 3, "two members share");
        Assert.Empty(first.Assigned.Intersect(second.Assigned));
        Assert.Equal(second.Assigned.Order(), first.Revoked.Order()); // and kept the rest
        await using (var third = Member(kafka, group, topic))
        {
            await EventuallyAsync(() => first.Count == 2 && second.Count == 2 && third.Count == 2, "three members share");
            Assert.Equal(Enumerable.Range(0, 6), first.Assigned.Concat(second.Assigned).Concat(third.Assigned).Order());
        }

        await EventuallyAsync(() => first.Count == 3 && second.Count == 3, "a member that leaves gives back");
        Assert.Empty(first.Failures.Concat(second.Failures));
    }

    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task A_member_that_dies_loses_its_partitions_when_its_session_ends(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        var (topic, group) = (await kafka.CreateTopicAsync(2), NewName("group"));
        var silent = kafka.Consumer(group, NewProtocol);
        silent.Subscribe(topic);
        await EventuallyAsync(() => silent.Consume(TimeSpan.FromMilliseconds(100)) is null && silent.Assignment.Count == 2, "the first member has everything");
        silent.Dispose(); // without a goodbye
        await using var next = Member(kafka, group, topic);
        await EventuallyAsync(() => next.Count == 2, "the session of the first member has ended");
    }

    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task A_static_member_returns_to_its_partitions_and_its_name_is_taken_only_once(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        var (topic, group) = (await kafka.CreateTopicAsync(4), NewName("group"));
        await using var other = Member(kafka, group, topic, c => c.GroupInstanceId = "a");
        List<int> before;
        await using (var member = Member(kafka, group, topic, c => c.GroupInstanceId = "b"))
        {
            await EventuallyAsync(() => other.Count == 2 && member.Count == 2, "two members share");
            before = [.. member.Assigned.Order()];
            await using var impostor = Member(kafka, group, topic, c => c.GroupInstanceId = "b");
            await EventuallyAsync(() => impostor.Failures.Contains(ErrorCode.UnreleasedInstanceId) || impostor.Failures.Contains(ErrorCode.Local_Fatal), "the second of that name is refused");
            Assert.Equal((0, 2), (impostor.Count, member.Count));
        }

        var rebalances = other.Rebalances;
        await using var again = Member(kafka, group, topic, c => c.GroupInstanceId = "b");
        await EventuallyAsync(() => again.Count == 2, "the member is back");
        Assert.Equal(before, again.Assigned.Order());
        Assert.Equal(rebalances, other.Rebalances);
    }

    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task A_regular_expression_finds_topics_that_are_made_later_too(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        var prefix = NewName("regex");
        await kafka.CreateTopicAsync($"{prefix}-one", 2);
        await kafka.CreateTopicAsync($"other-{prefix}-one", 1);
        using var consumer = kafka.Consumer(NewName("group"), NewProtocol);
        consumer.Subscribe($"^{prefix}-.*");
        await EventuallyAsync(() => consumer.Consume(TimeSpan.FromMilliseconds(100)) is null && consumer.Assignment.Count == 2, "the topic of that name is found");
        await kafka.CreateTopicAsync($"{prefix}-two", 3);
        await EventuallyAsync(() => consumer.Consume(TimeSpan.FromMilliseconds(100)) is null && consumer.Assignment.Count == 5, "so is the new one");
        Assert.DoesNotContain(consumer.Assignment, p => p.Topic.StartsWith("other", StringComparison.Ordinal));
        consumer.Close();
    }

    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task Partitions_that_are_added_are_assigned_and_a_topic_that_goes_takes_nothing_else_along(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        var (stays, goes) = (await kafka.CreateTopicAsync(2), await kafka.CreateTopicAsync(2));
        using var admin = kafka.Admin();
        using var consumer = kafka.Consumer(NewName("group"), NewProtocol);
        consumer.Subscribe([stays, goes]);
        int Assigned()
        {
            try
            {
                consumer.Consume(TimeSpan.FromMilliseconds(100));
            }
            catch (ConsumeException e) when (e.Error.Code is ErrorCode.UnknownTopicOrPart or ErrorCode.Local_UnknownPartition or ErrorCode.UnknownTopicId)
            {
                // The topic is gone, and the member has not heard of it yet.
            }

            return consumer.Assignment.Count;
        }

        await EventuallyAsync(() => Assigned() == 4, "both topics are assigned");
        await admin.CreatePartitionsAsync([new PartitionsSpecification { Topic = stays, IncreaseTo = 5 }]);
        await EventuallyAsync(() => Assigned() == 7, "the new partitions are assigned");
        await admin.DeleteTopicsAsync([goes]);
        await EventuallyAsync(() => Assigned() == 5, "the partitions of the deleted topic are gone");
        Assert.All(consumer.Assignment, p => Assert.Equal(stays, p.Topic));
        consumer.Close();
    }

    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task A_group_goes_on_where_it_committed_in_either_protocol(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        var (topic, group) = (await kafka.CreateTopicAsync(), NewName("group"));
        await ProduceAsync(kafka, topic, 12);
        Assert.Equal(Enumerable.Range(0, 4), await ReadAndCommitAsync(kafka, group, topic, 4, NewProtocol));

        // Empty, it changes its protocol, there and back.
        Assert.Equal(Enumerable.Range(4, 4), await ReadAndCommitAsync(kafka, group, topic, 4, _ => { }));
        Assert.Equal(Enumerable.Range(8, 4), await ReadAndCommitAsync(kafka, group, topic, 4, NewProtocol));
    }

    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task Offsets_in_transactions_count_from_the_commit_on_and_not_from_a_member_that_has_lost_its_partition(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        var (input, output, group) = (await kafka.CreateTopicAsync(2), await kafka.CreateTopicAsync(), NewName("group"));
        var (kept, lost) = (new TopicPartition(input, 0), new TopicPartition(input, 1));
        using var consumer = kafka.Consumer(group, NewProtocol);
        consumer.Subscribe(input);
        await EventuallyAsync(() => consumer.Consume(TimeSpan.FromMilliseconds(100)) is not { IsPartitionEOF: false } && consumer.Assignment.Count == 2, "it has both partitions");
        using var producer = kafka.TransactionalProducer(NewName("tx"));

        producer.BeginTransaction();
        producer.SendOffsetsToTransaction([new(kept, 5)], consumer.ConsumerGroupMetadata, Patience);
        producer.AbortTransaction(Patience);
        Assert.Equal(Offset.Unset, consumer.Committed([kept], Patience)[0].Offset);
        producer.BeginTransaction();
        producer.Produce(output, new Message<byte[], byte[]> { Value = [2] });
        producer.SendOffsetsToTransaction([new(kept, 7)], consumer.ConsumerGroupMetadata, Patience);
        producer.CommitTransaction(Patience);
        Assert.Equal(7, consumer.Committed([kept], Patience)[0].Offset.Value);

        var old = consumer.ConsumerGroupMetadata;
        await using (var second = Member(kafka, group, input))
        {
            await EventuallyAsync(() => consumer.Consume(TimeSpan.FromMilliseconds(100)) is not { IsPartitionEOF: false } && consumer.Assignment.Count == 1 && second.Count == 1, "two members share");
            lost = new TopicPartition(input, second.Assigned.Single());
            producer.BeginTransaction();
            Assert.ThrowsAny<KafkaException>(() => producer.SendOffsetsToTransaction([new(lost, 9)], old, Patience));
            producer.AbortTransaction(Patience);
        }

        consumer.Close();
        producer.BeginTransaction();
        Assert.ThrowsAny<KafkaException>(() => producer.SendOffsetsToTransaction([new(kept, 9)], old, Patience));
        producer.AbortTransaction(Patience);
        using var admin = kafka.Admin();
        var offsets = (await admin.ListConsumerGroupOffsetsAsync([new ConsumerGroupTopicPartitions(group, null)]))[0].Partitions;
        Assert.Equal(7, Assert.Single(offsets, o => o.Offset != Offset.Unset).Offset.Value);
    }

    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task Groups_are_described_listed_and_deleted(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        var (topic, other, group) = (await kafka.CreateTopicAsync(2), await kafka.CreateTopicAsync(), NewName("group"));
        using var admin = kafka.Admin();
        await using (var consumer = Member(kafka, group, topic))
        {
            await EventuallyAsync(() => consumer.Count == 2, "the member has everything");
            await EventuallyAsync(() => Describe().State == ConsumerGroupState.Stable, "the group is stable");
            Assert.Equal([0, 1], Assert.Single(Describe().Members).Assignment.TopicPartitions.Select(p => p.Partition.Value).Order());
            consumer.CommitAll();
            Assert.Contains((await ListAsync(ConsumerGroupState.Stable, ConsumerGroupType.Consumer)), g => g.GroupId == group && g.Type == ConsumerGroupType.Consumer);
            Assert.DoesNotContain((await ListAsync(ConsumerGroupState.Stable, ConsumerGroupType.Classic)), g => g.GroupId == group);
            Assert.DoesNotContain((await ListAsync(ConsumerGroupState.Empty, ConsumerGroupType.Consumer)), g => g.GroupId == group);
            var refused = await Assert.ThrowsAsync<DeleteGroupsException>(() => admin.DeleteGroupsAsync([group]));
            Assert.Equal(ErrorCode.NonEmptyGroup, refused.Results[0].Error.Code);
            var inUse = await Assert.ThrowsAsync<DeleteConsumerGroupOffsetsException>(() => admin.DeleteConsumerGroupOffsetsAsync(group, [new TopicPartition(topic, 0)]));
            Assert.Equal(ErrorCode.GroupSubscribedToTopic, inUse.Result.Partitions[0].Error.Code);
            await admin.DeleteConsumerGroupOffsetsAsync(group, [new TopicPartition(other, 0)]);
            await Assert.ThrowsAnyAsync<KafkaException>(() => admin.AlterConsumerGroupOffsetsAsync(
                [new ConsumerGroupTopicPartitionOffsets(group, [new TopicPartitionOffset(topic, 0, 0)])]));
        }

        await EventuallyAsync(() => Describe().State == ConsumerGroupState.Empty, "the group is empty");
        Assert.Equal(2, (await admin.ListConsumerGroupOffsetsAsync([new ConsumerGroupTopicPartitions(group, null)]))[0].Partitions.Count);
        await admin.AlterConsumerGroupOffsetsAsync([new ConsumerGroupTopicPartitionOffsets(group, [new TopicPartitionOffset(topic, 0, 1)])]);
        await admin.DeleteGroupsAsync([group]);
        Assert.DoesNotContain((await admin.ListConsumerGroupsAsync()).Valid, g => g.GroupId == group);

        ConsumerGroupDescription Describe() => admin.DescribeConsumerGroupsAsync([group]).GetAwaiter().GetResult().ConsumerGroupDescriptions[0];
        async Task<List<ConsumerGroupListing>> ListAsync(ConsumerGroupState state, ConsumerGroupType type) =>
            (await admin.ListConsumerGroupsAsync(new ListConsumerGroupsOptions { MatchStates = [state], MatchTypes = [type] })).Valid;
    }

    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task The_range_assignor_gives_neighbours_and_an_unknown_one_is_refused(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        var (topic, group) = (await kafka.CreateTopicAsync(5), NewName("group"));
        await using var first = Member(kafka, group, topic, c => c.GroupRemoteAssignor = "range");
        await using var second = Member(kafka, group, topic, c => c.GroupRemoteAssignor = "range");
        await EventuallyAsync(() => first.Count + second.Count == 5 && first.Count is 2 or 3, "two members share");
        Assert.Equal(["0,1,2", "3,4"], new[] { first, second }.Select(m => string.Join(',', m.Assigned.Order())).Order());
        await using var third = Member(kafka, NewName("group"), topic, c => c.GroupRemoteAssignor = "by-chance");
        await EventuallyAsync(() => third.Failures.Contains(ErrorCode.UnsupportedAssignor) || third.Failures.Contains(ErrorCode.Local_Fatal), "it is refused");
        Assert.Equal(0, third.Count);
    }

    private static async Task ProduceAsync(KafkaClients kafka, string topic, int count)
    {
        using var producer = kafka.Producer();
        for (var i = 0; i < count; i++)
            await producer.ProduceAsync(topic, new Message<byte[], byte[]> { Value = [(byte)i] }, Cancel);
    }

    private static async Task<List<int>> ReadAndCommitAsync(KafkaClients kafka, string group, string topic, int count, Action<ConsumerConfig> protocol)
    {
        using var consumer = kafka.Consumer(group, protocol);
        consumer.Subscribe(topic);
        var values = new List<int>();
        ConsumeResult<byte[], byte[]>? last = null;
        await EventuallyAsync(
            () =>
            {
                if (consumer.Consume(TimeSpan.FromMilliseconds(200)) is { IsPartitionEOF: false } record && values.Count < count)
                    values.Add((last = record).Message.Value[0]);
                return values.Count == count;
            },
            $"{count} records are read");
        consumer.Commit(last!);
        consumer.Close();
        return values;
    }

    private static GroupConsumer Member(KafkaClients kafka, string group, string topic, Action<ConsumerConfig>? change = null) => new(kafka, group, topic, c =>
    {
        NewProtocol(c);
        change?.Invoke(c);
    });

    /// <summary>The server sets the times and the assignor.</summary>
    private static void NewProtocol(ConsumerConfig config)
    {
        config.GroupProtocol = GroupProtocol.Consumer;
        config.SessionTimeoutMs = null;
        config.HeartbeatIntervalMs = null;
    }
}
