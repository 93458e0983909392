using System.Globalization;
using System.Text.Json;
using Confluent.Kafka;
using static Kappa.Iot.Embedded.Conformance.KafkaClients;

namespace Kappa.Iot.Embedded.Conformance.Clients;

/// <summary>Apache Kafka's own command line tools. Each of them is a Java start of seconds: few tests, each with a whole story.</summary>
public sealed class KafkaToolTests(Servers servers)
{
    [Fact]
    public async Task Topics_and_records_from_the_cradle_to_the_grave()
    {
        var (bootstrap, topic) = ((await servers.ConnectAsync(Servers.Ours)).BootstrapServers, NewName("tools"));
        Assert.Contains($"Created topic {topic}.", await Kafka("topics", bootstrap, "--create", "--topic", topic, "--partitions", "2", "--config", "retention.ms=1000000"));
        await Kafka("topics", bootstrap, "--alter", "--topic", topic, "--partitions", "3");
        Assert.Contains("Completed updating config", await Kafka(
            "configs", bootstrap, "--entity-type", "topics", "--entity-name", topic, "--alter", "--add-config", "segment.bytes=1048576,cleanup.policy=[compact,delete]", "--delete-config", "retention.ms"));
        var configs = await Kafka("configs", bootstrap, "--entity-type", "topics", "--entity-name", topic, "--describe");
        Assert.Contains("cleanup.policy=compact,delete", configs);
        Assert.Contains("segment.bytes=1048576", configs);
        Assert.DoesNotContain("retention.ms", configs);
        var described = await Kafka("topics", bootstrap, "--describe", "--topic", topic);
        Assert.Contains("PartitionCount: 3\tReplicationFactor: 1", described);
        Assert.Contains($"Topic: {topic}\tPartition: 2\tLeader: 1\tReplicas: 1\tIsr: 1", described);

        var lines = string.Concat(Enumerable.Range(0, 30).Select(i => $"k{i}:v{i}\n"));
        await Tool.OfPeers("kafka", "kafka-console-producer").RunWithInputAsync(
            lines, "--bootstrap-server", bootstrap, "--topic", topic, "--reader-property", "parse.key=true", "--reader-property", "key.separator=:", "--compression-codec", "zstd");
        var read = await Kafka("console-consumer", bootstrap, "--topic", topic, "--from-beginning", "--max-messages", "30", "--formatter-property", "print.key=true", "--formatter-property", "key.separator=:");
        Assert.Equal(Lines(lines).Order(), Lines(read).Order());

        var ends = Offsets(await Kafka("get-offsets", bootstrap, "--topic", topic));
        Assert.Equal((3, 30), (ends.Count, ends.Values.Sum()));
        var partition = ends.MaxBy(e => e.Value);
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, $$"""{"version":1,"partitions":[{"topic":"{{topic}}","partition":{{partition.Key}},"offset":{{partition.Value - 1}}}]}""", Cancel);
            Assert.Contains($"partition: {topic}-{partition.Key}\tlow_watermark: {partition.Value - 1}", await Kafka("delete-records", bootstrap, "--offset-json-file", file));
        }
        finally
        {
            File.Delete(file);
        }

        Assert.Equal(partition.Value - 1, Offsets(await Kafka("get-offsets", bootstrap, "--topic", topic, "--time", "earliest"))[partition.Key]);
        await Kafka("topics", bootstrap, "--delete", "--topic", topic);
        Assert.DoesNotContain(topic, Lines(await Kafka("topics", bootstrap, "--list")));
    }

    [Fact]
    public async Task A_group_is_listed_described_reset_and_deleted()
    {
        var kafka = await servers.ConnectAsync(Servers.Ours);
        var (bootstrap, topic, group) = (kafka.BootstrapServers, await kafka.CreateTopicAsync(2), NewName("tools"));
        using (var producer = kafka.Producer())
        {
            for (var i = 0; i < 10; i++)
                await producer.ProduceAsync(new TopicPartition(topic, i % 2), new Message<byte[], byte[]> { Value = Bytes($"v{i}") }, Cancel);
        }

        var read = await Kafka("console-consumer", bootstrap, "--topic", topic, "--from-beginning", "--max-messages", "10", "--group", group);
        Assert.Equal(Enumerable.Range(0, 10).Select(i => $"v{i}"), Lines(read).Order());
        Assert.Contains(group, Lines(await Kafka("consumer-groups", bootstrap, "--list")));
        Assert.Equal(["Classic", "consumer"], Row(await Kafka("groups", bootstrap, "--list"), group)[1..]);
        Assert.Equal([group, topic, "0", "5", "5", "0"], Row(await Kafka("consumer-groups", bootstrap, "--describe", "--group", group), group)[..6]);
        Assert.Contains(Row(await Kafka("consumer-groups", bootstrap, "--describe", "--group", group, "--state"), group), cell => cell == "Empty");

        await Kafka("consumer-groups", bootstrap, "--reset-offsets", "--group", group, "--topic", topic, "--to-offset", "2", "--execute");
        Assert.Equal([group, topic, "0", "2", "5", "3"], Row(await Kafka("consumer-groups", bootstrap, "--describe", "--group", group), group)[..6]);
        Assert.Contains("Successful", await Kafka("consumer-groups", bootstrap, "--delete-offsets", "--group", group, "--topic", topic));
        Assert.Contains("was successful", await Kafka("consumer-groups", bootstrap, "--delete", "--group", group));
        Assert.DoesNotContain(group, Lines(await Kafka("consumer-groups", bootstrap, "--list")));
    }

    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task The_new_protocol_is_spoken_and_its_groups_are_shown(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        var (bootstrap, topic, group) = (kafka.BootstrapServers, await kafka.CreateTopicAsync(2), NewName("tools"));
        using (var producer = kafka.Producer())
        {
            for (var i = 0; i < 10; i++)
                await producer.ProduceAsync(new TopicPartition(topic, i % 2), new Message<byte[], byte[]> { Value = Bytes($"v{i}") }, Cancel);
        }

        var read = await Kafka(
            "console-consumer", bootstrap, "--topic", topic, "--from-beginning", "--max-messages", "10", "--group", group, "--command-property", "group.protocol=consumer");
        Assert.Equal(Enumerable.Range(0, 10).Select(i => $"v{i}"), Lines(read).Order());
        Assert.Equal(["Consumer", "consumer"], Row(await Kafka("groups", bootstrap, "--list"), group)[1..]);
        var consumed = Lines(await Kafka(
            "verifiable-consumer", bootstrap, "--topic", topic, "--group-id", NewName("tools"), "--group-protocol", "consumer", "--max-messages", "10"))
            .Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Equal(10, consumed.Where(e => e.GetProperty("name").GetString() == "records_consumed").Sum(e => e.GetProperty("count").GetInt32()));

        await using (var member = new GroupConsumer(kafka, group, topic, c =>
        {
            c.GroupProtocol = GroupProtocol.Consumer;
            c.SessionTimeoutMs = c.HeartbeatIntervalMs = null;
        }))
        {
            await EventuallyAsync(() => member.Count == 2, "the member has all partitions");
            Assert.Contains("2", Row(await Kafka("consumer-groups", bootstrap, "--describe", "--group", group, "--members"), group));
            var state = Row(await Kafka("consumer-groups", bootstrap, "--describe", "--group", group, "--state"), group);
            Assert.Contains("Stable", state);
            Assert.Contains("uniform", state);
            Assert.Equal([group, topic, "0", "5", "5", "0"], Row(await Kafka("consumer-groups", bootstrap, "--describe", "--group", group), group)[..6]);
        }

        Assert.Contains("was successful", await Kafka("consumer-groups", bootstrap, "--delete", "--group", group));
    }

    [Fact]
    public async Task A_consumer_of_the_new_protocol_goes_on_when_the_server_is_back()
    {
        var folder = Directory.CreateTempSubdirectory("embedded-kafka-back-");
        try
        {
            var server = await EmbeddedKafka.StartAsync(new EmbeddedKafkaOptions { DataDirectory = folder.FullName }, Cancel);
            var (kafka, port) = (new KafkaClients(server.BootstrapServers), server.Port);
            var (topic, group) = (await kafka.CreateTopicAsync(2), NewName("tools"));
            var reading = Kafka(
                "console-consumer", kafka.BootstrapServers, "--topic", topic, "--from-beginning", "--max-messages", "20", "--group", group, "--command-property", "group.protocol=consumer");
            using (var producer = kafka.Producer())
            {
                using var admin = kafka.Admin();
                await EventuallyAsync(() => admin.DescribeConsumerGroupsAsync([group]).GetAwaiter().GetResult().ConsumerGroupDescriptions[0].Members.Any(m => m.Assignment.TopicPartitions.Count == 2), "it has joined");
                for (var i = 0; i < 20; i++)
                {
                    if (i == 10)
                    {
                        await server.DisposeAsync();
                        server = await EmbeddedKafka.StartAsync(new EmbeddedKafkaOptions { DataDirectory = folder.FullName, Port = port }, Cancel);
                    }

                    await producer.ProduceAsync(new TopicPartition(topic, i % 2), new Message<byte[], byte[]> { Value = Bytes($"v{i}") }, Cancel);
                }
            }

            Assert.Equal(Enumerable.Range(0, 20).Select(i => $"v{i}").Order(), Lines(await reading).Order());
            await server.DisposeAsync();
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task The_load_tools_count_what_they_sent_and_received()
    {
        var kafka = await servers.ConnectAsync(Servers.Ours);
        var (bootstrap, topic) = (kafka.BootstrapServers, await kafka.CreateTopicAsync(2));
        string[] load = ["--topic", topic, "--record-size", "100", "--throughput", "-1", "--num-records"];
        Assert.Contains("5000 records sent", await Kafka("producer-perf-test", bootstrap, [.. load, "5000", "--command-property", "compression.type=lz4"]));
        Assert.Contains("1000 records sent", await Kafka(
            "producer-perf-test", bootstrap, [.. load, "1000", "--transactional-id", NewName("perf"), "--transaction-duration-ms", "50"]));
        var produced = Json(await Kafka("verifiable-producer", bootstrap, "--topic", topic, "--max-messages", "1000", "--acks", "-1"));
        Assert.Equal((1000, 1000), (produced["tool_data"].GetProperty("sent").GetInt32(), produced["tool_data"].GetProperty("acked").GetInt32()));

        var perf = Lines(await Kafka("consumer-perf-test", bootstrap, "--topic", topic, "--num-records", "7000", "--timeout", "60000"));
        Assert.Equal(7000, int.Parse(perf[^1].Split(',')[4], CultureInfo.InvariantCulture));
        var consumed = Lines(await Kafka("verifiable-consumer", bootstrap, "--topic", topic, "--group-id", NewName("tools"), "--reset-policy", "earliest", "--max-messages", "7000"))
            .Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Equal(7000, consumed.Where(e => e.GetProperty("name").GetString() == "records_consumed").Sum(e => e.GetProperty("count").GetInt32()));
        Assert.Contains(consumed, e => e.GetProperty("name").GetString() == "offsets_committed" && e.GetProperty("success").GetBoolean());
        Assert.Contains("Percentiles: 50th", await Kafka("e2e-latency", bootstrap, "--topic", topic, "--num-records", "100", "--producer-acks", "all", "--record-size", "50"));
    }

    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task An_open_transaction_is_found_and_aborted_by_force(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        var (bootstrap, topic, id) = (kafka.BootstrapServers, await kafka.CreateTopicAsync(), NewName("tools"));
        using var producer = kafka.TransactionalProducer(id, c => c.TransactionTimeoutMs = 600_000);
        producer.BeginTransaction();
        await producer.ProduceAsync(topic, new Message<byte[], byte[]> { Value = Bytes("inside") }, Cancel);
        using var plain = kafka.Producer();
        await plain.ProduceAsync(topic, new Message<byte[], byte[]> { Value = Bytes("after") }, Cancel);

        Assert.Equal("Ongoing", Row(await Kafka("transactions", bootstrap, "list"), id)[3]);
        var described = Row(await Kafka("transactions", bootstrap, "describe", "--transactional-id", id), id, column: 1);
        Assert.Equal(["Ongoing", "600000"], described[4..6]);
        Assert.Equal($"{topic}-0", described[^1]);
        var producers = await Kafka("transactions", bootstrap, "describe-producers", "--topic", topic, "--partition", "0");
        Assert.Equal("0", Row(producers, described[2])[5]);

        // Nothing hangs: the coordinator knows of the transaction.
        Assert.DoesNotContain(topic, await Kafka("transactions", bootstrap, "find-hanging", "--topic", topic, "--partition", "0", "--max-transaction-timeout", "0"));
        Assert.Empty(kafka.ReadAll(topic));
        await Kafka("transactions", bootstrap, "abort", "--topic", topic, "--partition", "0", "--start-offset", "0");
        Assert.Equal(["after"], kafka.ReadAll(topic).Select(r => Text(r.Message.Value)));
    }

    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task A_live_group_a_broker_and_a_transactional_id_are_shown_and_the_last_is_taken_over(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        var (bootstrap, topic, group, id) = (kafka.BootstrapServers, await kafka.CreateTopicAsync(3), NewName("tools"), NewName("tools"));
        await using (var consumer = new GroupConsumer(kafka, group, topic))
        {
            await EventuallyAsync(() => consumer.Count == 3, "the consumer has all partitions");
            var members = Row(await Kafka("consumer-groups", bootstrap, "--describe", "--group", group, "--members"), group);
            Assert.Equal("3", members[4]);
            Assert.Contains("Stable", Row(await Kafka("consumer-groups", bootstrap, "--describe", "--group", group, "--state"), group));
        }

        var broker = await Kafka("configs", bootstrap, "--entity-type", "brokers", "--entity-name", "1", "--describe", "--all");
        Assert.Contains("num.partitions=", broker);

        using var producer = kafka.TransactionalProducer(id, c => c.TransactionTimeoutMs = 600_000);
        producer.BeginTransaction();
        await producer.ProduceAsync(topic, new Message<byte[], byte[]> { Value = Bytes("inside") }, Cancel);
        await Kafka("transactions", bootstrap, "forceTerminateTransaction", "--transactionalId", id);
        await EventuallyAsync(() => Row(Kafka("transactions", bootstrap, "list").GetAwaiter().GetResult(), id)[3] is "Empty" or "CompleteAbort", "the transaction has ended");
        Assert.Throws<KafkaException>(() => producer.CommitTransaction(Patience));
    }

    [Fact]
    public async Task The_server_names_the_requests_that_clients_need()
    {
        var kafka = await servers.ConnectAsync(Servers.Ours);
        var versions = await Kafka("broker-api-versions", kafka.BootstrapServers);
        Assert.Contains($"{kafka.BootstrapServers} (id: 1 rack: null isFenced: false) -> (", versions);
        var usable = Lines(versions).Where(l => l.Contains("[usable:", StringComparison.Ordinal)).Select(l => l.Trim().Split('(')[0]).ToHashSet();
        Assert.Superset(
            new HashSet<string>
            {
                "ApiVersions", "Metadata", "Produce", "Fetch", "ListOffsets", "OffsetForLeaderEpoch", "FindCoordinator", "JoinGroup", "SyncGroup", "Heartbeat", "LeaveGroup",
                "OffsetCommit", "OffsetFetch", "OffsetDelete", "DescribeGroups", "ListGroups", "DeleteGroups", "CreateTopics", "DeleteTopics", "CreatePartitions", "DeleteRecords",
                "DescribeConfigs", "AlterConfigs", "IncrementalAlterConfigs", "DescribeCluster", "InitProducerId", "AddPartitionsToTxn", "AddOffsetsToTxn", "TxnOffsetCommit", "EndTxn",
                "DescribeProducers", "ListTransactions", "DescribeTransactions", "ConsumerGroupHeartbeat", "ConsumerGroupDescribe",
            },
            usable);
    }

    private static Task<string> Kafka(string name, string bootstrap, params string[] arguments) =>
        Tool.OfPeers("kafka", $"kafka-{name}").RunAsync(["--bootstrap-server", bootstrap, .. arguments]);

    private static string[] Lines(string output) => output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <summary>The cells of the line of a table that has a word in a column.</summary>
    private static string[] Row(string table, string word, int column = 0) =>
        Lines(table).Select(line => line.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries)).First(cells => cells.ElementAtOrDefault(column) == word);

    /// <summary>Lines of topic:partition:offset.</summary>
    private static Dictionary<int, long> Offsets(string output) =>
        Lines(output).Select(l => l.Split(':')).ToDictionary(l => int.Parse(l[1], CultureInfo.InvariantCulture), l => long.Parse(l[2], CultureInfo.InvariantCulture));

    /// <summary>The last event of each name.</summary>
    private static Dictionary<string, JsonElement> Json(string output) =>
        Lines(output).Select(l => JsonDocument.Parse(l).RootElement).GroupBy(e => e.GetProperty("name").GetString()!).ToDictionary(g => g.Key, g => g.Last());
}
