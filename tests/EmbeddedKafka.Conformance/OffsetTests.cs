using Confluent.Kafka;
using Confluent.Kafka.Admin;
using static Kappa.Iot.Embedded.Conformance.KafkaClients;

namespace Kappa.Iot.Embedded.Conformance;

public sealed class OffsetTests(Servers servers)
{
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
    public async Task Offsets_are_found_by_time(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        var topic = await kafka.CreateTopicAsync(1, ("retention.ms", "-1"));
        var start = new DateTime(2024, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        using (var producer = kafka.Producer(c => c.CompressionType = CompressionType.Zstd))
        {
            for (var i = 0; i < 1000; i++)
                producer.Produce(topic, new Message<byte[], byte[]> { Value = new byte[200], Timestamp = new Timestamp(start.AddMinutes(i)) });
            producer.Flush(Cancel);
        }

        using var consumer = kafka.Consumer();
        Offset At(DateTime time) => consumer.OffsetsForTimes([new TopicPartitionTimestamp(topic, 0, new Timestamp(time))], Patience)[0].Offset;
        Assert.Equal(0, At(start.AddDays(-1)).Value);
        Assert.Equal(500, At(start.AddMinutes(500)).Value);
        Assert.Equal(501, At(start.AddMinutes(500).AddMilliseconds(1)).Value);
        Assert.Equal(999, At(start.AddMinutes(999)).Value);
        Assert.Equal(Offset.End, At(start.AddDays(10)));
        var range = consumer.QueryWatermarkOffsets(new TopicPartition(topic, 0), Patience);
        Assert.Equal((0, 1000), (range.Low.Value, range.High.Value));
    }

    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task A_group_without_offsets_starts_where_its_reset_policy_says(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        var topic = await kafka.CreateTopicAsync();
        using var producer = kafka.Producer();
        await producer.ProduceAsync(topic, new Message<byte[], byte[]> { Value = Bytes("before") }, Cancel);

        using var earliest = kafka.Consumer(NewName("group"), c => c.AutoOffsetReset = AutoOffsetReset.Earliest);
        using var latest = kafka.Consumer(NewName("group"), c => c.AutoOffsetReset = AutoOffsetReset.Latest);
        using var strict = kafka.Consumer(NewName("group"), c => c.AutoOffsetReset = AutoOffsetReset.Error);
        foreach (var consumer in (IConsumer<byte[], byte[]>[])[earliest, latest, strict])
            consumer.Subscribe(topic);
        await EventuallyAsync(() => earliest.Consume(TimeSpan.FromMilliseconds(200)) is { IsPartitionEOF: false, Offset.Value: 0 }, "the first record is read");
        await EventuallyAsync(() => latest.Consume(TimeSpan.FromMilliseconds(200)) is { IsPartitionEOF: true, Offset.Value: 1 }, "the end is reached");
        await producer.ProduceAsync(topic, new Message<byte[], byte[]> { Value = Bytes("after") }, Cancel);
        await EventuallyAsync(() => latest.Consume(TimeSpan.FromMilliseconds(200)) is { IsPartitionEOF: false, Offset.Value: 1 }, "the new record is read");
        var error = Assert.Throws<ConsumeException>(() =>
        {
            var deadline = DateTime.UtcNow + Patience;
            while (DateTime.UtcNow < deadline)
                strict.Consume(TimeSpan.FromMilliseconds(200));
        });
        Assert.Equal(ErrorCode.Local_AutoOffsetReset, error.Error.Code);
        latest.Close();
        earliest.Close();
        strict.Close();
    }


    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task Offsets_are_listed_by_place_and_by_time(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        var topic = await kafka.CreateTopicAsync();
        using var admin = kafka.Admin();
        using var producer = kafka.Producer();
        using var transactional = kafka.TransactionalProducer(NewName("tx"));
        var start = DateTime.UtcNow.AddHours(-1);
        foreach (var minute in (int[])[0, 30, 10, 20])
            await producer.ProduceAsync(topic, new Message<byte[], byte[]> { Value = [1], Timestamp = new Timestamp(start.AddMinutes(minute)) }, Cancel);
        transactional.BeginTransaction();
        await transactional.ProduceAsync(topic, new Message<byte[], byte[]> { Value = [2], Timestamp = new Timestamp(start) }, Cancel);
        await admin.DeleteRecordsAsync([new TopicPartitionOffset(topic, 0, 1)]);

        async Task<long> At(OffsetSpec spec, IsolationLevel isolation = IsolationLevel.ReadUncommitted) =>
            (await admin.ListOffsetsAsync([new TopicPartitionOffsetSpec { TopicPartition = new(topic, 0), OffsetSpec = spec }], new ListOffsetsOptions { IsolationLevel = isolation }))
            .ResultInfos[0].TopicPartitionOffsetError.Offset.Value;
        Assert.Equal(1, await At(OffsetSpec.Earliest()));
        Assert.Equal(5, await At(OffsetSpec.Latest()));
        Assert.Equal(4, await At(OffsetSpec.Latest(), IsolationLevel.ReadCommitted));
        Assert.Equal(1, await At(OffsetSpec.MaxTimestamp()));
        Assert.Equal(1, await At(OffsetSpec.ForTimestamp(new DateTimeOffset(start.AddMinutes(15)).ToUnixTimeMilliseconds())));
        Assert.Equal(-1, await At(OffsetSpec.ForTimestamp(new DateTimeOffset(start.AddMinutes(31)).ToUnixTimeMilliseconds())));
        transactional.AbortTransaction(Patience);
        await EventuallyAsync(() => At(OffsetSpec.Latest(), IsolationLevel.ReadCommitted).GetAwaiter().GetResult() == 6, "the aborted transaction no longer holds readers back");
    }
}
