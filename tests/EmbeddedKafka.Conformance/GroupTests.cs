using System.Collections.Concurrent;
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
    public async Task Without_an_offset_the_reset_policy_decides(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        var topic = await kafka.CreateTopicAsync();
        using var producer = kafka.Producer();
        for (var i = 0; i < 3; i++)
            await producer.ProduceAsync(topic, new Message<byte[], byte[]> { Value = [(byte)i] }, Cancel);

        Assert.Equal(3, kafka.ReadAll(topic, from: 99, change: c => c.AutoOffsetReset = AutoOffsetReset.Earliest).Count);
        Assert.Empty(kafka.ReadAll(topic, from: 99, change: c => c.AutoOffsetReset = AutoOffsetReset.Latest));
        using var strict = kafka.Consumer(change: c => c.AutoOffsetReset = AutoOffsetReset.Error);
        strict.Assign(new TopicPartitionOffset(topic, 0, 99));
        var error = Assert.Throws<ConsumeException>(() =>
        {
            for (var i = 0; i < 600; i++)
                strict.Consume(TimeSpan.FromMilliseconds(100));
        });
        Assert.Equal(ErrorCode.Local_AutoOffsetReset, error.Error.Code);
    }

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

    /// <summary>A consumer on its own thread that remembers what it has been assigned.</summary>
    private sealed class GroupConsumer : IAsyncDisposable
    {
        private readonly ConcurrentDictionary<int, bool> _assigned = new();
        private readonly CancellationTokenSource _stop = new();
        private readonly IConsumer<byte[], byte[]> _consumer;
        private readonly Task _loop;
        private int _rebalances;

        public GroupConsumer(KafkaClients kafka, string group, string topic, Action<ConsumerConfig>? change = null)
        {
            _consumer = kafka.ConsumerBuilder(group, c =>
            {
                c.EnablePartitionEof = false;
                change?.Invoke(c);
            })
                .SetPartitionsAssignedHandler((_, partitions) => Change(() => partitions.ForEach(p => _assigned[p.Partition.Value] = true)))
                .SetPartitionsRevokedHandler((_, partitions) => Change(() => partitions.ForEach(p => _assigned.TryRemove(p.Partition.Value, out var _))))
                .SetPartitionsLostHandler((_, partitions) => Change(() => partitions.ForEach(p => _assigned.TryRemove(p.Partition.Value, out var _))))
                .SetErrorHandler((_, error) => Failures.Add(error.Code))
                .Build();
            _consumer.Subscribe(topic);
            _loop = Task.Factory.StartNew(Loop, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }

        public ConcurrentBag<ErrorCode> Failures { get; } = [];

        public int Count => _assigned.Count;

        public ICollection<int> Assigned => _assigned.Keys;

        public int Rebalances => Volatile.Read(ref _rebalances);

        public void CommitAll() => _consumer.Commit(_consumer.Assignment.Select(p => new TopicPartitionOffset(p, 0)));

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _loop;
            try
            {
                _consumer.Close();
            }
            catch (KafkaException e) when (e.Error.Code == ErrorCode.FencedInstanceId)
            {
                Failures.Add(e.Error.Code);
            }

            _consumer.Dispose();
            _stop.Dispose();
        }

        private void Change(Action change)
        {
            change();
            Interlocked.Increment(ref _rebalances);
        }

        private void Loop()
        {
            while (!_stop.IsCancellationRequested)
            {
                try
                {
                    _consumer.Consume(TimeSpan.FromMilliseconds(100));
                }
                catch (KafkaException e)
                {
                    Failures.Add(e.Error.Code);
                }
            }
        }
    }
}
