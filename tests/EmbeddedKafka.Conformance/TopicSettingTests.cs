using Confluent.Kafka;
using Confluent.Kafka.Admin;
using static Kappa.Iot.Embedded.Conformance.KafkaClients;

namespace Kappa.Iot.Embedded.Conformance;

public sealed class TopicSettingTests(Servers servers)
{
    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task Settings_are_described_and_changed(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        using var admin = kafka.Admin();
        var topic = await kafka.CreateTopicAsync(1, ("retention.ms", "123456"), ("cleanup.policy", "compact"));
        var resource = new ConfigResource { Type = ResourceType.Topic, Name = topic };
        async Task<Dictionary<string, ConfigEntryResult>> Describe() => (await admin.DescribeConfigsAsync([resource]))[0].Entries;

        var before = await Describe();
        Assert.Equal(("123456", false), (before["retention.ms"].Value, before["retention.ms"].IsDefault));
        Assert.Equal("compact", before["cleanup.policy"].Value);
        Assert.Equal(("1048588", true), (before["max.message.bytes"].Value, before["max.message.bytes"].IsDefault));

        await admin.IncrementalAlterConfigsAsync(new Dictionary<ConfigResource, List<ConfigEntry>>
        {
            [resource] =
            [
                new() { Name = "retention.ms", Value = "-1", IncrementalOperation = AlterConfigOpType.Set },
                new() { Name = "cleanup.policy", Value = "delete", IncrementalOperation = AlterConfigOpType.Append },
                new() { Name = "max.message.bytes", Value = "5000", IncrementalOperation = AlterConfigOpType.Set },
            ],
        });
        await DescribedAsync(admin, resource, "retention.ms", "-1");
        await DescribedAsync(admin, resource, "cleanup.policy", "compact,delete");

        // A setting that is described is in force.
        using var producer = kafka.Producer();
        var refused = await Assert.ThrowsAsync<ProduceException<byte[], byte[]>>(
            () => producer.ProduceAsync(topic, new Message<byte[], byte[]> { Key = [1], Value = new byte[6000] }, Cancel));
        Assert.Equal(ErrorCode.MsgSizeTooLarge, refused.Error.Code);
    }

    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task Settings_are_set_appended_subtracted_and_deleted_one_by_one(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        using var admin = kafka.Admin();
        var topic = await kafka.CreateTopicAsync(1, ("cleanup.policy", "compact,delete"), ("retention.ms", "123456"));
        var resource = new ConfigResource { Type = ResourceType.Topic, Name = topic };
        Task Alter(string name, string? value, AlterConfigOpType operation, bool validateOnly = false) => admin.IncrementalAlterConfigsAsync(
            new Dictionary<ConfigResource, List<ConfigEntry>> { [resource] = [new() { Name = name, Value = value, IncrementalOperation = operation }] },
            new IncrementalAlterConfigsOptions { ValidateOnly = validateOnly });

        await Alter("cleanup.policy", "compact", AlterConfigOpType.Subtract);
        await DescribedAsync(admin, resource, "cleanup.policy", "delete");
        await Alter("retention.ms", null, AlterConfigOpType.Delete);
        await DescribedAsync(admin, resource, "retention.ms", "604800000");
        await Alter("retention.ms", "5000", AlterConfigOpType.Set, validateOnly: true);
        Assert.Equal("604800000", (await admin.DescribeConfigsAsync([resource]))[0].Entries["retention.ms"].Value);

        foreach (var (name, value) in ((string, string)[])[("retention.ms", "soon"), ("no.such.setting", "1"), ("cleanup.policy", "shred"), ("min.cleanable.dirty.ratio", "2")])
        {
            var refused = await Assert.ThrowsAsync<IncrementalAlterConfigsException>(() => Alter(name, value, AlterConfigOpType.Set));
            Assert.Equal(ErrorCode.InvalidConfig, refused.Results[0].Error.Code);
        }

        await Assert.ThrowsAnyAsync<KafkaException>(() => Alter("retention.ms", "1", AlterConfigOpType.Append));
    }


    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task Altering_all_settings_puts_back_what_is_not_named(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        using var admin = kafka.Admin();
        var topic = await kafka.CreateTopicAsync(1, ("retention.ms", "123456"));
        var resource = new ConfigResource { Type = ResourceType.Topic, Name = topic };
        await admin.AlterConfigsAsync(new Dictionary<ConfigResource, List<ConfigEntry>> { [resource] = [new() { Name = "segment.bytes", Value = "2000000" }] });
        await DescribedAsync(admin, resource, "segment.bytes", "2000000");
        var entries = (await admin.DescribeConfigsAsync([resource]))[0].Entries;
        Assert.Equal("604800000", entries["retention.ms"].Value);
        Assert.True(entries["retention.ms"].IsDefault);
        var missing = await Assert.ThrowsAsync<DescribeConfigsException>(() => admin.DescribeConfigsAsync([new ConfigResource { Type = ResourceType.Topic, Name = NewName() }]));
        Assert.Equal(ErrorCode.UnknownTopicOrPart, missing.Results[0].Error.Code);
    }


    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task The_brokers_settings_can_be_read(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        using var admin = kafka.Admin();
        var entries = (await admin.DescribeConfigsAsync([new ConfigResource { Type = ResourceType.Broker, Name = "1" }]))[0].Entries;
        Assert.Equal("false", entries["auto.create.topics.enable"].Value);
        Assert.Equal("1", entries["node.id"].Value);
        Assert.True(entries["node.id"].IsReadOnly);
    }


    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task A_topic_that_is_only_validated_is_not_made(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        using var admin = kafka.Admin();
        var name = NewName();
        await admin.CreateTopicsAsync([new TopicSpecification { Name = name, NumPartitions = 1, ReplicationFactor = 1 }], new CreateTopicsOptions { ValidateOnly = true });
        Assert.DoesNotContain(admin.GetMetadata(Patience).Topics, t => t.Topic == name);
    }

    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task The_same_settings_are_accepted_and_refused(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        using var admin = kafka.Admin();
        var refused = new List<string>();
        string[] accepted =
        [
            "cleanup.policy=", "cleanup.policy=delete, compact", "compression.gzip.level=3", "compression.lz4.level=17", "compression.zstd.level=-5", "compression.type=zstd",
            "follower.replication.throttled.replicas=*", "leader.replication.throttled.replicas=0:1", "max.message.bytes=0", "min.insync.replicas=3", "preallocate=TRUE", "retention.bytes=-5",
            "segment.index.bytes=4",
        ];
        string[] wrong =
        [
            "cleanup.policy=shred", "compression.gzip.level=0", "compression.lz4.level=0", "compression.lz4.level=18", "compression.zstd.level=99", "compression.type=", "message.timestamp.difference.max.ms=5",
            "message.timestamp.type=logappendtime", "min.cleanable.dirty.ratio=1.1", "min.compaction.lag.ms=10|max.compaction.lag.ms=5", "min.insync.replicas=0", "preallocate=maybe", "retention.ms=-2",
            "segment.bytes=13", "segment.index.bytes=3", "segment.ms=0",
        ];
        foreach (var settings in accepted.Concat(wrong))
        {
            try
            {
                await admin.CreateTopicsAsync(
                    [
                        new TopicSpecification
                        {
                            Name = NewName(),
                            NumPartitions = 1,
                            ReplicationFactor = 1,
                            Configs = settings.Split('|').Select(s => s.Split('=', 2)).ToDictionary(s => s[0], s => s[1]),
                        },
                    ],
                    new CreateTopicsOptions { ValidateOnly = true });
            }
            catch (CreateTopicsException e)
            {
                Assert.Equal(ErrorCode.InvalidConfig, e.Results[0].Error.Code);
                refused.Add(settings);
            }
        }

        Assert.Equal(wrong, refused);
    }

    /// <summary>Apache Kafka answers a moment before its broker knows of the new value.</summary>
    private static Task DescribedAsync(IAdminClient admin, ConfigResource resource, string name, string value) => EventuallyAsync(
        () => admin.DescribeConfigsAsync([resource]).GetAwaiter().GetResult()[0].Entries[name].Value == value, $"{name} is {value}");
}
