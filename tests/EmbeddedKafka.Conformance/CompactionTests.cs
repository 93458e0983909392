using Confluent.Kafka;
using static Kappa.Iot.Embedded.Conformance.KafkaClients;

namespace Kappa.Iot.Embedded.Conformance;

public sealed class CompactionTests(Servers servers)
{
    private static readonly Random Noise = new(1);

    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task A_compacted_topic_keeps_the_last_value_of_every_key(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        var topic = await kafka.CreateTopicAsync(
            1, ("cleanup.policy", "compact"), ("segment.bytes", "1048576"), ("min.cleanable.dirty.ratio", "0.01"), ("delete.retention.ms", "100"));
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
        List<ConsumeResult<byte[], byte[]>> read = [];
        await EventuallyAsync(
            () =>
            {
                // The last segment is never compacted, and nothing is compacted where nothing is new.
                FillSegment(producer, topic, DateTime.UtcNow);
                read = kafka.ReadAll(topic);
                return read.Count(r => Text(r.Message.Key) == "k0") == 1 && read.All(r => Text(r.Message.Key) != "k7");
            },
            "the topic is compacted and the tombstone is gone");

        foreach (var key in Enumerable.Range(0, 50).Where(k => k != 7).Select(k => $"k{k}").Append("tx"))
            Assert.Equal("1", Text(Assert.Single(read, r => Text(r.Message.Key) == key).Message.Value));
        Assert.Equal(read.Select(r => r.Offset.Value).Order(), read.Select(r => r.Offset.Value));
        Assert.DoesNotContain(read, r => Text(r.Message.Value) == "aborted");
        Assert.DoesNotContain(kafka.ReadAll(topic, isolation: IsolationLevel.ReadUncommitted), r => Text(r.Message.Value) == "aborted");
        await Assert.ThrowsAsync<ProduceException<byte[], byte[]>>(() => producer.ProduceAsync(topic, new Message<byte[], byte[]> { Value = [1] }, Cancel));
    }

    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task Records_younger_than_the_compaction_lag_are_all_kept(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        var topic = await kafka.CreateTopicAsync(
            1, ("cleanup.policy", "compact"), ("segment.bytes", "1048576"), ("min.cleanable.dirty.ratio", "0.01"), ("min.compaction.lag.ms", "3600000"));
        using var producer = kafka.Producer();
        foreach (var (key, time) in ((string, DateTime)[])[("old", DateTime.UtcNow.AddHours(-3)), ("young", DateTime.UtcNow)])
        {
            for (var i = 0; i < 3; i++)
                await producer.ProduceAsync(topic, new Message<byte[], byte[]> { Key = Bytes(key), Value = [(byte)i], Timestamp = new Timestamp(time) }, Cancel);
            FillSegment(producer, topic, time);
        }

        List<ConsumeResult<byte[], byte[]>> read = [];
        await EventuallyAsync(() => (read = kafka.ReadAll(topic)).Count(r => Text(r.Message.Key) == "old") == 1, "what is older than the lag is compacted");
        Assert.Equal([2], read.Single(r => Text(r.Message.Key) == "old").Message.Value);
        Assert.Equal(3, read.Count(r => Text(r.Message.Key) == "young"));
    }

    /// <summary>Writes more than a segment holds, so that what was there before is in a closed one.</summary>
    private static void FillSegment(IProducer<byte[], byte[]> producer, string topic, DateTime time)
    {
        for (var i = 0; i < 11; i++)
        {
            var value = new byte[100_000];
            lock (Noise)
                Noise.NextBytes(value);
            producer.Produce(topic, new Message<byte[], byte[]> { Key = Bytes($"filler {i}"), Value = value, Timestamp = new Timestamp(time) });
        }

        producer.Flush(Cancel);
    }
}
