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
}
