using Confluent.Kafka;
using static Kappa.Iot.Embedded.Conformance.KafkaClients;

namespace Kappa.Iot.Embedded.Conformance;

/// <summary>Batches whose one record is of another time than their header says, which no client's interface offers.</summary>
public sealed class RecordTimeTests(Servers servers)
{
    private const short None = 0, InvalidTimestamp = 32;
    private const short LogAppendTimeFlag = 8;
    private const int Minute = 60_000;

    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task What_counts_is_the_records_time_and_not_the_headers(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        var topic = await kafka.CreateTopicAsync(1, ("message.timestamp.before.max.ms", $"{60 * Minute}"));
        var now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        Assert.Equal(InvalidTimestamp, await ProduceAsync(kafka, topic, Batch(now, now, now + 14400 * Minute)));
        Assert.Equal(InvalidTimestamp, await ProduceAsync(kafka, topic, Batch(now, now, now - 90 * Minute)));
        Assert.Equal(None, await ProduceAsync(kafka, topic, Batch(now, now + 14400 * Minute, now)));
        Assert.Equal(None, await ProduceAsync(kafka, topic, Batch(-1, -1, -1)));
        Assert.Equal(None, await ProduceAsync(kafka, topic, Batch(now, now, now + 10 * Minute)));
        Assert.Equal(None, await ProduceAsync(kafka, topic, Batch(now, now, now)));

        using var consumer = kafka.Consumer();
        Assert.Equal(2, Find(5));
        Assert.Equal(Offset.End, Find(15));

        Offset Find(int minutes) =>
            Assert.Single(consumer.OffsetsForTimes([new TopicPartitionTimestamp(topic, 0, new Timestamp(now + minutes * Minute, TimestampType.CreateTime))], Patience)).Offset;
    }

    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task Only_the_broker_says_that_it_stamped_a_batch(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        var stamped = await kafka.CreateTopicAsync(1, ("message.timestamp.type", "LogAppendTime"));
        var topic = await kafka.CreateTopicAsync();
        var now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        Assert.Equal(InvalidTimestamp, await ProduceAsync(kafka, stamped, Batch(now, now, now, LogAppendTimeFlag)));
        Assert.Equal(None, await ProduceAsync(kafka, stamped, Batch(now, now, now + 14400 * Minute)));
        Assert.Equal(None, await ProduceAsync(kafka, topic, Batch(now - Minute, now, now - Minute, LogAppendTimeFlag)));
        Assert.Equal(new Timestamp(now - Minute, TimestampType.CreateTime), Assert.Single(kafka.ReadAll(topic)).Message.Timestamp);
    }

    /// <summary>A batch of one record without a key.</summary>
    private static byte[] Batch(long first, long max, long time, short attributes = 0) =>
        new RawBatch { FirstTime = first, MaxTime = max, Attributes = attributes, Records = RawBatch.Record(time - first) }.ToBytes();

    private static Task<short?> ProduceAsync(KafkaClients kafka, string topic, byte[] batch) => RawBatch.ProduceAsync(kafka, topic, batch);
}
