using Kappa.Iot.Embedded.Topics;

namespace Kappa.Iot.Embedded.Protocol.Apis;

/// <summary>The settings of topics, and the few of the broker that clients ask for.</summary>
internal static class DescribeConfigsApi
{
    public const sbyte TopicResource = 2;
    public const sbyte BrokerResource = 4;

    private readonly record struct Setting(string Name, string Value, sbyte Source, sbyte Type, bool ReadOnly);

    public static void Handle(Call call)
    {
        var (request, response, version) = (call.Request, call.Response, call.Version);
        var resources = request.Array(static r =>
        {
            var resource = (Type: r.Int8(), Name: r.String(), Keys: r.NullableArray(static k => k.String()));
            r.Tags();
            return resource;
        });
        var synonyms = request.Bool();

        response.Int32(0);
        response.Array(resources, (w, resource) =>
        {
            var (error, message, settings) = Find(call.Broker, resource.Type, resource.Name);
            if (resource.Keys is { } keys)
                settings = [.. settings.Where(s => keys.Contains(s.Name))];
            w.Error(error);
            w.Message(message);
            w.Int8(resource.Type);
            w.String(resource.Name);
            w.Array(settings, (sw, setting) => Write(sw, version, setting, synonyms));
            w.Tags();
        });
        response.Tags();
    }

    private static (ErrorCode Error, string? Message, List<Setting> Settings) Find(Broker broker, sbyte type, string name)
    {
        switch (type)
        {
            case TopicResource when broker.Topics.Find(name) is { } topic:
                return (ErrorCode.None, null, [.. TopicConfigKey.All.Values.Select(k => new Setting(
                    k.Name, topic.Config[k.Name], topic.Config.Values.ContainsKey(k.Name) ? ConfigSource.Topic : ConfigSource.Default, k.Type, false))]);
            case TopicResource:
                return (ErrorCode.UnknownTopicOrPartition, $"There is no topic '{name}'.", []);
            case BrokerResource when name.Length == 0 || name == Broker.NodeId.ToString():
                return (ErrorCode.None, null, OfBroker(broker.Options));
            default:
                return (ErrorCode.InvalidRequest, $"Resource type {type} with the name '{name}' has no settings here.", []);
        }
    }

    private static List<Setting> OfBroker(EmbeddedKafkaOptions options)
    {
        Setting Make(string name, string value, sbyte type) => new(name, value, ConfigSource.StaticBroker, type, true);
        return
        [
            Make("auto.create.topics.enable", options.AutoCreateTopics ? "true" : "false", 1),
            Make("broker.id", Broker.NodeId.ToString(), 3),
            Make("default.replication.factor", "1", 3),
            Make("group.initial.rebalance.delay.ms", "0", 3),
            Make("group.max.session.timeout.ms", $"{options.MaxSessionTimeout.TotalMilliseconds}", 3),
            Make("group.min.session.timeout.ms", $"{options.MinSessionTimeout.TotalMilliseconds}", 3),
            Make("log.cleaner.enable", "true", 1),
            Make("node.id", Broker.NodeId.ToString(), 3),
            Make("num.partitions", options.DefaultPartitions.ToString(), 3),
            Make("socket.request.max.bytes", options.MaxRequestSize.ToString(), 3),
            Make("transaction.max.timeout.ms", $"{options.MaxTransactionTimeout.TotalMilliseconds}", 3),
        ];
    }

    private static void Write(ResponseWriter w, short version, Setting setting, bool synonyms)
    {
        w.String(setting.Name);
        w.String(setting.Value);
        w.Bool(setting.ReadOnly);
        w.Int8(setting.Source);
        w.Bool(false);
        w.ArrayLength(synonyms ? 1 : 0);
        if (synonyms)
        {
            w.String(setting.Name);
            w.String(setting.Value);
            w.Int8(setting.Source);
            w.Tags();
        }

        if (version >= 3)
        {
            w.Int8(setting.Type);
            w.String(null);
        }

        w.Tags();
    }
}
