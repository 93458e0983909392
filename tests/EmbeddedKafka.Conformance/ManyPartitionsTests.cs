using Confluent.Kafka;
using static Kappa.Iot.Embedded.Conformance.KafkaClients;

namespace Kappa.Iot.Embedded.Conformance;

public sealed class ManyPartitionsTests(Servers servers)
{
    private const int Partitions = 1_000;

    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task A_thousand_partitions_are_written_and_read(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        var topic = await kafka.CreateTopicAsync(Partitions);
        using (var producer = kafka.Producer())
        {
            var reports = Enumerable.Range(0, Partitions).Select(i => producer.ProduceAsync(new TopicPartition(topic, i), new Message<byte[], byte[]> { Value = BitConverter.GetBytes(i) }, Cancel));
            Assert.All(await Task.WhenAll(reports), report => Assert.Equal(0, report.Offset.Value));
        }

        using var consumer = kafka.Consumer();
        consumer.Assign(Enumerable.Range(0, Partitions).Select(i => new TopicPartitionOffset(topic, i, 0)));
        var read = new HashSet<int>();
        await EventuallyAsync(
            () =>
            {
                while (consumer.Consume(TimeSpan.FromSeconds(1)) is { } result)
                {
                    if (result.IsPartitionEOF)
                        continue;
                    Assert.Equal(result.Partition.Value, BitConverter.ToInt32(result.Message.Value));
                    Assert.True(read.Add(result.Partition.Value));
                    if (read.Count == Partitions)
                        return true;
                }

                return false;
            },
            "every partition's record is read");
        using var admin = kafka.Admin();
        await admin.DeleteTopicsAsync([topic]);
        await EventuallyAsync(() => admin.GetMetadata(Patience).Topics.All(t => t.Topic != topic), "the topic is gone");
    }
}
