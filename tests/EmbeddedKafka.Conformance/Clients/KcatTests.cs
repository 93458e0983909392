using System.Globalization;
using System.Text.Json;
using static Kappa.Iot.Embedded.Conformance.KafkaClients;

namespace Kappa.Iot.Embedded.Conformance.Clients;

public sealed class KcatTests(Servers servers)
{
    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task Records_of_every_compression_are_produced_and_consumed(string server)
    {
        var (kcat, kafka) = (Tool.OnPath("kcat"), await servers.ConnectAsync(server));
        var topic = await kafka.CreateTopicAsync(2);
        string[] codecs = ["none", "gzip", "snappy", "lz4", "zstd"];
        foreach (var codec in codecs)
            await kcat.RunWithInputAsync($"k:{codec}\nk:\n", "-b", kafka.BootstrapServers, "-P", "-t", topic, "-p", "1", "-z", codec, "-K:", "-Z", "-H", "h=1");

        var read = await kcat.RunAsync("-b", kafka.BootstrapServers, "-C", "-t", topic, "-e", "-q", "-f", "%p %o %k %S %s %h\n");
        Assert.Equal(
            codecs.SelectMany((codec, i) => (string[])[$"1 {2 * i} k {codec.Length} {codec} h=1", $"1 {(2 * i) + 1} k -1  h=1"]),
            read.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal($"{topic} [1] offset 10", (await kcat.RunAsync("-b", kafka.BootstrapServers, "-Q", "-t", $"{topic}:1:-1")).Trim());
        Assert.Equal($"{topic} [1] offset 0", (await kcat.RunAsync("-b", kafka.BootstrapServers, "-Q", "-t", $"{topic}:1:1000")).Trim());
    }

    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task The_cluster_is_listed(string server)
    {
        var (kcat, kafka) = (Tool.OnPath("kcat"), await servers.ConnectAsync(server));
        var topic = await kafka.CreateTopicAsync(3);
        using var metadata = JsonDocument.Parse(await kcat.RunAsync("-b", kafka.BootstrapServers, "-L", "-J", "-t", topic));
        Assert.Equal(kafka.BootstrapServers, metadata.RootElement.GetProperty("brokers")[0].GetProperty("name").GetString());
        Assert.Equal(1, metadata.RootElement.GetProperty("controllerid").GetInt32());
        var partitions = metadata.RootElement.GetProperty("topics").EnumerateArray().Single(t => t.GetProperty("topic").GetString() == topic).GetProperty("partitions");
        Assert.Equal([0, 1, 2], partitions.EnumerateArray().Select(p => p.GetProperty("partition").GetInt32()).Order());
        Assert.All(partitions.EnumerateArray(), p => Assert.Equal(1, p.GetProperty("leader").GetInt32()));
    }

    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task A_group_reads_everything_once_and_then_nothing(string server)
    {
        var (kcat, kafka) = (Tool.OnPath("kcat"), await servers.ConnectAsync(server));
        var (topic, group) = (await kafka.CreateTopicAsync(3), NewName("kcat"));
        var lines = Enumerable.Range(0, 100).Select(i => i.ToString(CultureInfo.InvariantCulture)).ToList();
        await kcat.RunWithInputAsync(string.Join('\n', lines), "-b", kafka.BootstrapServers, "-P", "-t", topic);
        string[] consume = ["-b", kafka.BootstrapServers, "-q", "-e", "-X", "auto.offset.reset=earliest", "-X", "heartbeat.interval.ms=500", "-G", group, topic];
        Assert.Equal(lines.Order(), (await kcat.RunAsync(consume)).Split('\n', StringSplitOptions.RemoveEmptyEntries).Order());
        Assert.Equal("", await kcat.RunAsync(consume));
    }

    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task Transactions_are_written_and_read(string server)
    {
        var (kcat, kafka) = (Tool.OnPath("kcat"), await servers.ConnectAsync(server));
        var topic = await kafka.CreateTopicAsync();
        using (var aborting = kafka.TransactionalProducer(NewName("tx")))
        {
            aborting.BeginTransaction();
            await aborting.ProduceAsync(topic, new Confluent.Kafka.Message<byte[], byte[]> { Value = Bytes("aborted") }, Cancel);
            aborting.AbortTransaction(Patience);
        }

        await kcat.RunWithInputAsync("1\n2\n", "-b", kafka.BootstrapServers, "-P", "-t", topic, "-X", $"transactional.id={NewName("kcat")}");
        string[] consume = ["-b", kafka.BootstrapServers, "-C", "-q", "-e", "-t", topic, "-X"];
        Assert.Equal("1\n2\n", await kcat.RunAsync([.. consume, "isolation.level=read_committed"]));
        Assert.Equal("aborted\n1\n2\n", await kcat.RunAsync([.. consume, "isolation.level=read_uncommitted"]));
    }
}
