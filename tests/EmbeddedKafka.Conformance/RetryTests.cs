using Confluent.Kafka;
using static Kappa.Iot.Embedded.Conformance.KafkaClients;

namespace Kappa.Iot.Embedded.Conformance;

/// <summary>Exactly once where the network loses requests and answers, and the client has to ask again.</summary>
public sealed class RetryTests(Servers servers)
{
    private const short Produce = 0;
    private const short OffsetCommit = 8;
    private const short InitProducerId = 22;
    private const short AddPartitions = 24;
    private const short EndTransaction = 26;

    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task An_idempotent_producer_that_must_retry_writes_everything_once_and_in_order(string server)
    {
        var (kafka, proxy) = await servers.ConnectThroughProxyAsync(server);
        var topic = await kafka.CreateTopicAsync();
        var produced = 0;
        proxy.Decide = key => key != Produce ? Fault.None : (Interlocked.Increment(ref produced) % 8) switch
        {
            3 => Fault.LoseAnswer,
            6 => Fault.LoseRequest,
            _ => Fault.None,
        };
        var before = proxy.Faults;
        using (var producer = kafka.Producer(c =>
        {
            c.LingerMs = 0;
            c.BatchNumMessages = 20;
            c.MaxInFlight = 5;
            c.ReconnectBackoffMs = 5;
            c.RetryBackoffMs = 5;
        }))
        {
            var reports = Enumerable.Range(0, 1_000).Select(i => producer.ProduceAsync(topic, new Message<byte[], byte[]> { Value = BitConverter.GetBytes(i) }, Cancel)).ToList();
            var offsets = (await Task.WhenAll(reports)).Select(r => r.Offset.Value);
            Assert.Equal(Enumerable.Range(0, 1_000).Select(i => (long)i), offsets);
        }

        proxy.Decide = _ => Fault.None;
        Assert.True(proxy.Faults - before >= 5, $"only {proxy.Faults - before} faults");
        Assert.Equal(Enumerable.Range(0, 1_000), kafka.ReadAll(topic).Select(r => BitConverter.ToInt32(r.Message.Value)));
    }

    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task Transactions_survive_lost_requests_and_answers(string server)
    {
        var (kafka, proxy) = await servers.ConnectThroughProxyAsync(server);
        var (topic, input, group) = (await kafka.CreateTopicAsync(3), await kafka.CreateTopicAsync(), NewName("group"));
        var seen = new int[64];

        // The offsets' own requests go through: where theirs are lost, librdkafka 2.x sometimes waits for ever in SendOffsetsToTransaction.
        proxy.Decide = key => key is InitProducerId or AddPartitions or EndTransaction or Produce
            ? (Interlocked.Increment(ref seen[key]) % 3) switch
            {
                1 => Fault.LoseAnswer,
                2 when key is not InitProducerId => Fault.LoseRequest,
                _ => Fault.None,
            }
            : Fault.None;
        using var consumer = kafka.Consumer(group);
        using (var producer = kafka.TransactionalProducer(NewName("tx"), c =>
        {
            c.ReconnectBackoffMs = 5;
            c.RetryBackoffMs = 5;
        }))
        {
            for (var i = 0; i < 6; i++)
            {
                producer.BeginTransaction();
                for (var j = 0; j < 3; j++)
                    producer.Produce(new TopicPartition(topic, j), new Message<byte[], byte[]> { Value = BitConverter.GetBytes(i) });
                producer.SendOffsetsToTransaction([new TopicPartitionOffset(input, 0, i)], consumer.ConsumerGroupMetadata, Patience);
                if (i % 3 == 2)
                    producer.AbortTransaction(Patience);
                else
                    producer.CommitTransaction(Patience);
            }
        }

        proxy.Decide = _ => Fault.None;
        foreach (var key in (short[])[InitProducerId, AddPartitions, EndTransaction, Produce])
            Assert.True(seen[key] > 1, $"request {key} was never sent again");
        for (var j = 0; j < 3; j++)
            Assert.Equal([0, 1, 3, 4], kafka.ReadAll(topic, j).Select(r => BitConverter.ToInt32(r.Message.Value)));
        Assert.Equal(4, consumer.Committed([new TopicPartition(input, 0)], Patience)[0].Offset.Value);
    }

    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task An_offset_commit_whose_answer_is_lost_is_made_again(string server)
    {
        var (kafka, proxy) = await servers.ConnectThroughProxyAsync(server);
        var topic = await kafka.CreateTopicAsync();
        var commits = 0;
        proxy.Decide = key => key == OffsetCommit && Interlocked.Increment(ref commits) == 1 ? Fault.LoseAnswer : Fault.None;
        using var consumer = kafka.Consumer(NewName("group"));
        consumer.Assign(new TopicPartition(topic, 0));
        await EventuallyAsync(
            () =>
            {
                try
                {
                    consumer.Commit([new TopicPartitionOffset(topic, 0, 5)]);
                    return true;
                }
                catch (KafkaException e) when (!e.Error.IsFatal && Volatile.Read(ref commits) == 1)
                {
                    return false;
                }
            },
            "the commit goes through");
        Assert.Equal(5, consumer.Committed([new TopicPartition(topic, 0)], Patience)[0].Offset.Value);
        Assert.True(commits >= 2, $"{commits} commits were sent.");
    }
}
