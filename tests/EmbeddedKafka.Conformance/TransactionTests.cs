using Confluent.Kafka;
using static Kappa.Iot.Embedded.Conformance.KafkaClients;

namespace Kappa.Iot.Embedded.Conformance;

public sealed class TransactionTests(Servers servers)
{
    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task Committed_records_are_seen_and_aborted_ones_are_not(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        var topic = await kafka.CreateTopicAsync();
        using var producer = kafka.TransactionalProducer(NewName("tx"));
        for (var i = 0; i < 6; i++)
        {
            producer.BeginTransaction();
            for (var j = 0; j < 10; j++)
                producer.Produce(topic, new Message<byte[], byte[]> { Value = Bytes($"{i}.{j}") });
            if (i % 2 == 0)
                producer.CommitTransaction(Patience);
            else
            {
                producer.Flush(Cancel);
                producer.AbortTransaction(Patience);
            }
        }

        var committed = kafka.ReadAll(topic).Select(r => Text(r.Message.Value)).ToList();
        Assert.Equal(Enumerable.Range(0, 6).Where(i => i % 2 == 0).SelectMany(i => Enumerable.Range(0, 10).Select(j => $"{i}.{j}")), committed);
        Assert.Equal(60, kafka.ReadAll(topic, isolation: IsolationLevel.ReadUncommitted).Count);

        using var consumer = kafka.Consumer();
        Assert.Equal(66, consumer.QueryWatermarkOffsets(new TopicPartition(topic, 0), Patience).High.Value);
    }

    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task Readers_of_committed_records_wait_at_an_open_transaction(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        var topic = await kafka.CreateTopicAsync();
        using var plain = kafka.Producer();
        using var producer = kafka.TransactionalProducer(NewName("tx"));
        await plain.ProduceAsync(topic, new Message<byte[], byte[]> { Value = Bytes("before") }, Cancel);
        producer.BeginTransaction();
        await producer.ProduceAsync(topic, new Message<byte[], byte[]> { Value = Bytes("inside") }, Cancel);
        await plain.ProduceAsync(topic, new Message<byte[], byte[]> { Value = Bytes("after") }, Cancel);

        Assert.Equal(["before"], kafka.ReadAll(topic).Select(r => Text(r.Message.Value)));
        Assert.Equal(["before", "inside", "after"], kafka.ReadAll(topic, isolation: IsolationLevel.ReadUncommitted).Select(r => Text(r.Message.Value)));
        producer.CommitTransaction(Patience);
        Assert.Equal(["before", "inside", "after"], kafka.ReadAll(topic).Select(r => Text(r.Message.Value)));
    }

    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task A_second_producer_with_the_same_id_fences_the_first(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        var topic = await kafka.CreateTopicAsync();
        var id = NewName("tx");
        using var first = kafka.TransactionalProducer(id);
        first.BeginTransaction();
        await first.ProduceAsync(topic, new Message<byte[], byte[]> { Value = Bytes("zombie") }, Cancel);

        using var second = kafka.TransactionalProducer(id);
        second.BeginTransaction();
        second.Produce(topic, new Message<byte[], byte[]> { Value = Bytes("second") });
        second.CommitTransaction(Patience);

        var fenced = Assert.ThrowsAny<KafkaException>(() => first.CommitTransaction(Patience));
        Assert.True(fenced.Error.IsFatal, fenced.Error.ToString());
        Assert.Equal(ErrorCode.Local_Fenced, fenced.Error.Code);
        Assert.Equal(["second"], kafka.ReadAll(topic).Select(r => Text(r.Message.Value)));
    }

    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task Offsets_committed_in_a_transaction_count_only_if_it_commits(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        var (input, output, group) = (await kafka.CreateTopicAsync(), await kafka.CreateTopicAsync(), NewName("group"));
        using (var plain = kafka.Producer())
        {
            for (var i = 0; i < 10; i++)
                await plain.ProduceAsync(input, new Message<byte[], byte[]> { Value = [(byte)i] }, Cancel);
        }

        using var consumer = kafka.Consumer(group);
        consumer.Subscribe(input);
        var partition = new TopicPartition(input, 0);
        await EventuallyAsync(() => consumer.Consume(TimeSpan.FromMilliseconds(200)) is { IsPartitionEOF: true }, "the input is read");
        using var producer = kafka.TransactionalProducer(NewName("tx"));

        producer.BeginTransaction();
        producer.Produce(output, new Message<byte[], byte[]> { Value = [1] });
        producer.SendOffsetsToTransaction([new TopicPartitionOffset(partition, 5)], consumer.ConsumerGroupMetadata, Patience);
        producer.AbortTransaction(Patience);
        Assert.Equal(Offset.Unset, consumer.Committed([partition], Patience)[0].Offset);

        producer.BeginTransaction();
        producer.Produce(output, new Message<byte[], byte[]> { Value = [2] });
        producer.SendOffsetsToTransaction([new TopicPartitionOffset(partition, 7)], consumer.ConsumerGroupMetadata, Patience);
        producer.CommitTransaction(Patience);
        Assert.Equal(7, consumer.Committed([partition], Patience)[0].Offset.Value);
        Assert.Equal([2], Assert.Single(kafka.ReadAll(output)).Message.Value);
    }

    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task Offsets_of_an_open_transaction_go_with_their_topic(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        var topic = await kafka.CreateTopicAsync();
        var partition = new TopicPartition(topic, 0);
        using var consumer = kafka.Consumer(change: c => c.IsolationLevel = IsolationLevel.ReadCommitted);
        using var producer = kafka.TransactionalProducer(NewName("tx"));
        producer.BeginTransaction();
        producer.SendOffsetsToTransaction([new TopicPartitionOffset(partition, 40)], consumer.ConsumerGroupMetadata, Patience);
        using (var admin = kafka.Admin())
            await admin.DeleteTopicsAsync([topic]);

        // This waits as long as there is an offset of the transaction for the partition: Apache Kafka drops it a moment later.
        Assert.Equal(Offset.Unset, consumer.Committed([partition], Patience)[0].Offset);
        await kafka.CreateTopicAsync(topic, 1);
        producer.CommitTransaction(Patience);
        Assert.Equal(Offset.Unset, consumer.Committed([partition], Patience)[0].Offset);
    }

    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task A_transaction_that_is_open_for_too_long_is_rolled_back(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        var topic = await kafka.CreateTopicAsync();
        using var producer = kafka.TransactionalProducer(NewName("tx"), c => c.TransactionTimeoutMs = 2_000);
        producer.BeginTransaction();
        await producer.ProduceAsync(topic, new Message<byte[], byte[]> { Value = Bytes("slow") }, Cancel);
        using var plain = kafka.Producer();
        await plain.ProduceAsync(topic, new Message<byte[], byte[]> { Value = Bytes("after") }, Cancel);

        await EventuallyAsync(() => kafka.ReadAll(topic).Count > 0, "the open transaction no longer holds readers back");
        Assert.Equal(["after"], kafka.ReadAll(topic).Select(r => Text(r.Message.Value)));
        Assert.ThrowsAny<KafkaException>(() => producer.CommitTransaction(Patience));
    }

    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task A_transaction_commits_or_aborts_in_all_its_topics_together(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        var (first, second) = (await kafka.CreateTopicAsync(3), await kafka.CreateTopicAsync(2));
        var partitions = Enumerable.Range(0, 3).Select(i => new TopicPartition(first, i)).Concat(Enumerable.Range(0, 2).Select(i => new TopicPartition(second, i))).ToList();
        using var producer = kafka.TransactionalProducer(NewName("tx"));
        foreach (var (value, commit) in ((string, bool)[])[("aborted", false), ("committed", true)])
        {
            producer.BeginTransaction();
            foreach (var partition in partitions)
                await producer.ProduceAsync(partition, new Message<byte[], byte[]> { Value = Bytes(value) }, Cancel);
            if (commit)
                producer.CommitTransaction(Patience);
            else
                producer.AbortTransaction(Patience);
        }

        foreach (var partition in partitions)
            Assert.Equal(["committed"], kafka.ReadAll(partition.Topic, partition.Partition).Select(r => Text(r.Message.Value)));
    }


    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task Empty_transactions_leave_no_trace_and_an_id_can_be_used_again(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        var (topic, id) = (await kafka.CreateTopicAsync(), NewName("tx"));
        for (var round = 0; round < 3; round++)
        {
            using var producer = kafka.TransactionalProducer(id);
            producer.BeginTransaction();
            producer.CommitTransaction(Patience);
            producer.BeginTransaction();
            producer.AbortTransaction(Patience);
            producer.BeginTransaction();
            producer.Produce(topic, new Message<byte[], byte[]> { Value = [(byte)round] });
            producer.CommitTransaction(Patience);
        }

        var read = kafka.ReadAll(topic);
        Assert.Equal([0, 1, 2], read.Select(r => (int)r.Message.Value[0]));
        Assert.Equal([0L, 2L, 4L], read.Select(r => r.Offset.Value));
    }


    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task A_new_owner_of_the_id_rolls_back_what_the_old_one_left_open(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        var (topic, id) = (await kafka.CreateTopicAsync(), NewName("tx"));
        using (var crashed = kafka.TransactionalProducer(id))
        {
            crashed.BeginTransaction();
            await crashed.ProduceAsync(topic, new Message<byte[], byte[]> { Value = Bytes("left open") }, Cancel);
        }

        using var plain = kafka.Producer();
        await plain.ProduceAsync(topic, new Message<byte[], byte[]> { Value = Bytes("plain") }, Cancel);
        using var next = kafka.TransactionalProducer(id);
        await EventuallyAsync(() => kafka.ReadAll(topic).Count == 1, "readers of committed records get past it");
        Assert.Equal(["plain"], kafka.ReadAll(topic).Select(r => Text(r.Message.Value)));
    }


    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task A_transaction_time_out_over_the_limit_is_refused(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        var refused = Assert.ThrowsAny<KafkaException>(() => kafka.TransactionalProducer(NewName("tx"), c => c.TransactionTimeoutMs = 20 * 60_000));
        Assert.Equal(ErrorCode.InvalidTransactionTimeout, refused.Error.Code);
    }


    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task A_member_of_an_older_generation_cannot_commit_in_a_transaction(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        var (topic, group) = (await kafka.CreateTopicAsync(2), NewName("group"));
        using var consumer = kafka.Consumer(group, c => c.EnablePartitionEof = true);
        consumer.Subscribe(topic);
        await EventuallyAsync(() => consumer.Consume(TimeSpan.FromMilliseconds(200)) is not null, "the member has partitions");
        var old = consumer.ConsumerGroupMetadata;
        consumer.Close();
        await using var next = new GroupConsumer(kafka, group, topic);
        await EventuallyAsync(() => next.Count == 2, "another member has taken over");

        using var producer = kafka.TransactionalProducer(NewName("tx"));
        producer.BeginTransaction();
        var refused = Assert.ThrowsAny<KafkaException>(() => producer.SendOffsetsToTransaction([new TopicPartitionOffset(topic, 0, 1)], old, Patience));
        Assert.Contains(refused.Error.Code, (ErrorCode[])[ErrorCode.UnknownMemberId, ErrorCode.IllegalGeneration]);
        producer.AbortTransaction(Patience);
    }
}
