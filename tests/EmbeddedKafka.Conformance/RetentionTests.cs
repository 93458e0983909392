using Confluent.Kafka;
using Confluent.Kafka.Admin;
using static Kappa.Iot.Embedded.Conformance.KafkaClients;

namespace Kappa.Iot.Embedded.Conformance;

public sealed class RetentionTests(Servers servers)
{
    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task Old_and_surplus_segments_are_removed(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        var byTime = await kafka.CreateTopicAsync(1, ("retention.ms", "1000"), ("segment.bytes", "1048576"));
        var bySize = await kafka.CreateTopicAsync(1, ("retention.ms", "-1"), ("retention.bytes", "2500000"), ("segment.bytes", "1048576"));
        var kept = await kafka.CreateTopicAsync(1, ("retention.ms", "-1"), ("segment.bytes", "1048576"));
        using var producer = kafka.Producer(c => c.LingerMs = 0);
        var hourAgo = new Timestamp(DateTime.UtcNow.AddHours(-1));
        for (var i = 0; i < 40; i++)
        {
            foreach (var topic in (string[])[byTime, bySize, kept])
                await producer.ProduceAsync(topic, new Message<byte[], byte[]> { Value = new byte[100_000], Timestamp = hourAgo }, Cancel);
        }

        using var consumer = kafka.Consumer();
        long Low(string topic) => consumer.QueryWatermarkOffsets(new TopicPartition(topic, 0), Patience).Low.Value;
        await EventuallyAsync(() => Low(byTime) == 40, "everything old is gone");
        await EventuallyAsync(() => Low(bySize) is >= 10 and < 20, "what is over the size is gone");
        Assert.Equal(0, Low(kept));
        Assert.Equal(40, kafka.ReadAll(kept).Count);
    }

    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task Records_are_deleted_up_to_an_offset(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        using var admin = kafka.Admin();
        var topic = await kafka.CreateTopicAsync();
        using var producer = kafka.Producer();
        for (var i = 0; i < 10; i++)
            await producer.ProduceAsync(topic, new Message<byte[], byte[]> { Value = [(byte)i] }, Cancel);
        var deleted = await admin.DeleteRecordsAsync([new TopicPartitionOffset(topic, 0, 6)]);
        Assert.Equal(6, deleted[0].Offset.Value);
        Assert.Equal([6L, 7L, 8L, 9L], kafka.ReadAll(topic).Select(r => r.Offset.Value));
        var beyond = await Assert.ThrowsAsync<DeleteRecordsException>(() => admin.DeleteRecordsAsync([new TopicPartitionOffset(topic, 0, 99)]));
        Assert.Equal(ErrorCode.OffsetOutOfRange, beyond.Results[0].Error.Code);
    }

    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task Everything_can_be_deleted_up_to_the_end(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        using var admin = kafka.Admin();
        var topic = await kafka.CreateTopicAsync();
        using var producer = kafka.Producer();
        for (var i = 0; i < 5; i++)
            await producer.ProduceAsync(topic, new Message<byte[], byte[]> { Value = [(byte)i] }, Cancel);
        Assert.Equal(5, (await admin.DeleteRecordsAsync([new TopicPartitionOffset(topic, 0, Offset.End)]))[0].Offset.Value);
        Assert.Empty(kafka.ReadAll(topic));
        Assert.Equal(5, (await producer.ProduceAsync(topic, new Message<byte[], byte[]> { Value = [5] }, Cancel)).Offset.Value);
        Assert.Equal(5, Assert.Single(kafka.ReadAll(topic)).Offset.Value);
    }
}
