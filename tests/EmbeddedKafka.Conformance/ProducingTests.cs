using Confluent.Kafka;
using static Kappa.Iot.Embedded.Conformance.KafkaClients;

namespace Kappa.Iot.Embedded.Conformance;

public sealed class ProducingTests(Servers servers)
{
    public static TheoryData<string, CompressionType> Compressions
    {
        get
        {
            var data = new TheoryData<string, CompressionType>();
            foreach (var server in (string[])[Servers.Ours, Servers.Apache])
            {
                foreach (var type in Enum.GetValues<CompressionType>())
                    data.Add(server, type);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Compressions))]
    public async Task What_is_produced_is_consumed_in_every_compression(string server, CompressionType compression)
    {
        var kafka = await servers.ConnectAsync(server);
        var topic = await kafka.CreateTopicAsync();
        using var producer = kafka.Producer(c => c.CompressionType = compression);
        var sent = Enumerable.Range(0, 2_000).Select(i => $"value {i} {new string('x', i % 100)}").ToList();
        foreach (var value in sent)
            producer.Produce(topic, new Message<byte[], byte[]> { Key = Bytes(value), Value = Bytes(value) });
        producer.Flush(Cancel);

        var read = kafka.ReadAll(topic);
        Assert.Equal(sent, read.Select(r => Text(r.Message.Value)));
        Assert.Equal(Enumerable.Range(0, sent.Count).Select(i => (long)i), read.Select(r => r.Offset.Value));
    }

    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task Keys_values_and_headers_may_be_null_or_empty(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        var topic = await kafka.CreateTopicAsync();
        using var producer = kafka.Producer();
        await producer.ProduceAsync(topic, new Message<byte[], byte[]> { Key = null!, Value = null! }, Cancel);
        await producer.ProduceAsync(topic, new Message<byte[], byte[]> { Key = [], Value = [] }, Cancel);
        var headers = new Headers { { "a", Bytes("1") }, { "a", [] }, { "b", null }, { "ü", [0, 255] } };
        await producer.ProduceAsync(topic, new Message<byte[], byte[]> { Key = Bytes("k"), Value = Bytes("v"), Headers = headers }, Cancel);

        var read = kafka.ReadAll(topic);
        Assert.Equal(3, read.Count);
        Assert.Null(read[0].Message.Key);
        Assert.Null(read[0].Message.Value);
        Assert.Empty(read[1].Message.Key);
        Assert.Empty(read[1].Message.Value);
        Assert.Equal(["a", "a", "b", "ü"], read[2].Message.Headers.Select(h => h.Key));
        Assert.Null(read[2].Message.Headers[2].GetValueBytes());
        Assert.Equal([0, 255], read[2].Message.Headers[3].GetValueBytes());
    }

    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task A_message_of_a_megabyte_goes_through_and_one_over_the_limit_does_not(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        var topic = await kafka.CreateTopicAsync();
        using var producer = kafka.Producer();
        var large = new byte[1_000_000];
        new Random(1).NextBytes(large);
        await producer.ProduceAsync(topic, new Message<byte[], byte[]> { Value = large }, Cancel);
        var refused = await Assert.ThrowsAsync<ProduceException<byte[], byte[]>>(
            () => producer.ProduceAsync(topic, new Message<byte[], byte[]> { Value = new byte[1_100_000] }, Cancel));
        Assert.Equal(ErrorCode.MsgSizeTooLarge, refused.Error.Code);

        Assert.Equal(large, Assert.Single(kafka.ReadAll(topic)).Message.Value);

        // The first message of an answer comes whole even where the client asks for fewer bytes.
        Assert.Single(kafka.ReadAll(topic, change: c => c.MaxPartitionFetchBytes = 1000));
    }

    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task A_topic_can_allow_larger_messages(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        var topic = await kafka.CreateTopicAsync(1, ("max.message.bytes", "3000000"));
        using var producer = kafka.Producer();
        await producer.ProduceAsync(topic, new Message<byte[], byte[]> { Value = new byte[2_500_000] }, Cancel);
        Assert.Equal(2_500_000, Assert.Single(kafka.ReadAll(topic)).Message.Value.Length);
    }

    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task An_unknown_topic_is_refused_and_not_made(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        using var producer = kafka.Producer(c => c.MessageTimeoutMs = 5_000);
        var name = NewName("missing");
        var refused = await Assert.ThrowsAsync<ProduceException<byte[], byte[]>>(() => producer.ProduceAsync(name, new Message<byte[], byte[]> { Value = [1] }, Cancel));
        Assert.Contains(refused.Error.Code, (ErrorCode[])[ErrorCode.UnknownTopicOrPart, ErrorCode.Local_UnknownTopic, ErrorCode.Local_MsgTimedOut]);
        using var admin = kafka.Admin();
        Assert.DoesNotContain(admin.GetMetadata(Patience).Topics, t => t.Topic == name);
    }

    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task A_record_too_far_in_the_future_is_refused(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        var topic = await kafka.CreateTopicAsync();
        using var producer = kafka.Producer();
        var message = new Message<byte[], byte[]> { Value = [1], Timestamp = new Timestamp(new DateTime(2090, 1, 1, 0, 0, 0, DateTimeKind.Utc)) };
        var refused = await Assert.ThrowsAsync<ProduceException<byte[], byte[]>>(() => producer.ProduceAsync(topic, message, Cancel));
        Assert.Equal(ErrorCode.InvalidTimestamp, refused.Error.Code);
    }

    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task A_topic_can_stamp_records_with_the_brokers_time(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        var topic = await kafka.CreateTopicAsync(1, ("message.timestamp.type", "LogAppendTime"));
        using var producer = kafka.Producer();
        var old = new Timestamp(new DateTime(2001, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        await producer.ProduceAsync(topic, new Message<byte[], byte[]> { Value = [1], Timestamp = old }, Cancel);
        var read = Assert.Single(kafka.ReadAll(topic));
        Assert.Equal(TimestampType.LogAppendTime, read.Message.Timestamp.Type);
        Assert.True(read.Message.Timestamp.UtcDateTime > DateTime.UtcNow.AddHours(-1));
    }

    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task A_record_keeps_the_time_that_its_producer_gave_it(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        var topic = await kafka.CreateTopicAsync(1, ("retention.ms", "-1"));
        using var producer = kafka.Producer();
        var time = new Timestamp(new DateTime(2001, 2, 3, 4, 5, 6, 789, DateTimeKind.Utc));
        await producer.ProduceAsync(topic, new Message<byte[], byte[]> { Value = [1], Timestamp = time }, Cancel);
        var read = Assert.Single(kafka.ReadAll(topic));
        Assert.Equal(TimestampType.CreateTime, read.Message.Timestamp.Type);
        Assert.Equal(time.UnixTimestampMs, read.Message.Timestamp.UnixTimestampMs);
    }


    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task Every_kind_of_acknowledgement_stores_the_record(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        var topic = await kafka.CreateTopicAsync();
        foreach (var acks in (Acks[])[Acks.None, Acks.Leader, Acks.All])
        {
            using var producer = kafka.Producer(c =>
            {
                c.EnableIdempotence = false;
                c.Acks = acks;
            });
            await producer.ProduceAsync(topic, new Message<byte[], byte[]> { Value = Bytes(acks.ToString()) }, Cancel);
            await EventuallyAsync(() => kafka.ReadAll(topic).LastOrDefault()?.Message.Value is { } last && Text(last) == acks.ToString(), $"the record with acks {acks} is there");
        }
    }


    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task A_thousand_headers_arrive_as_they_were_sent(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        var topic = await kafka.CreateTopicAsync();
        using var producer = kafka.Producer(c => c.CompressionType = CompressionType.Zstd);
        var headers = new Headers();
        for (var i = 0; i < 1_000; i++)
            headers.Add($"header {i % 10}", BitConverter.GetBytes(i));
        await producer.ProduceAsync(topic, new Message<byte[], byte[]> { Value = [], Headers = headers }, Cancel);
        var read = Assert.Single(kafka.ReadAll(topic)).Message.Headers;
        Assert.Equal(headers.Select(h => (h.Key, BitConverter.ToInt32(h.GetValueBytes()))), read.Select(h => (h.Key, BitConverter.ToInt32(h.GetValueBytes()))));
    }
}
