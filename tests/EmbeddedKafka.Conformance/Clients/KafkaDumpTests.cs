using Confluent.Kafka;
using static Kappa.Iot.Embedded.Conformance.KafkaClients;

namespace Kappa.Iot.Embedded.Conformance.Clients;

/// <summary>Apache Kafka's tool for looking into log files, on ours: segments are its own format, and so are the records of the internal topics.</summary>
public sealed class KafkaDumpTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("embedded-kafka-dump-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task The_dump_tool_reads_every_kind_of_segment()
    {
        await using (var server = await EmbeddedKafka.StartAsync(new EmbeddedKafkaOptions { DataDirectory = _directory }, Cancel))
        {
            var kafka = new KafkaClients(server.BootstrapServers);
            await kafka.CreateTopicAsync("dumped", 1);
            using var producer = kafka.TransactionalProducer("the-id", c => c.CompressionType = CompressionType.Zstd);
            foreach (var commit in (bool[])[true, false])
            {
                producer.BeginTransaction();
                await producer.ProduceAsync("dumped", new Message<byte[], byte[]> { Key = Bytes($"key {commit}"), Value = Bytes($"value {commit} {new string('x', 1000)}") }, Cancel);
                if (commit)
                    producer.CommitTransaction(Patience);
                else
                    producer.AbortTransaction(Patience);
            }

            using var consumer = kafka.Consumer("the-group");
            consumer.Commit([new TopicPartitionOffset("dumped", 0, 42)]);
        }

        var data = await DumpAsync("dumped", "--print-data-log", "--deep-iteration");
        Assert.Contains("key: key True payload: value True", data);
        Assert.Contains("key: key False payload: value False", data);
        Assert.Contains("endTxnMarker: COMMIT", data);
        Assert.Contains("endTxnMarker: ABORT", data);
        Assert.Equal(4, data.Split("isvalid: true").Length - 1);
        Assert.Contains("compresscodec: zstd", data);

        var offsets = await DumpAsync("__consumer_offsets", "--offsets-decoder");
        Assert.Contains("\"group\":\"the-group\",\"topic\":\"dumped\",\"partition\":0", offsets);
        Assert.Contains("\"offset\":42", offsets);
        var transactions = await DumpAsync("__transaction_state", "--transaction-log-decoder");
        Assert.Contains("\"transactionalId\":\"the-id\"", transactions);
    }

    private Task<string> DumpAsync(string topic, params string[] arguments)
    {
        var folder = Assert.Single(Directory.GetDirectories(Path.Combine(_directory, "topics"), topic + "-*"));
        return Tool.OfPeers("kafka", "kafka-dump-log").RunAsync(["--files", Assert.Single(Directory.GetFiles(Path.Combine(folder, "0"), "*.log")), .. arguments]);
    }
}
