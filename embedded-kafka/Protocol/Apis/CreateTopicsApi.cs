using Kappa.Iot.Embedded.Topics;

namespace Kappa.Iot.Embedded.Protocol.Apis;

/// <summary>Makes topics.</summary>
internal static class CreateTopicsApi
{
    private sealed record Wanted(string Name, int Partitions, short Replication, (int Index, int[] Brokers)[] Assignments, KeyValuePair<string, string?>[] Configs);

    private sealed record Result(string Name, ErrorCode Error, string? Message, Guid Id = default, int Partitions = -1, TopicConfig? Config = null);

    public static void Handle(Call call)
    {
        var (request, response, version) = (call.Request, call.Response, call.Version);
        var wanted = request.Array(ReadTopic);
        request.Int32();
        var validateOnly = request.Bool();
        var twice = wanted.GroupBy(t => t.Name).Where(g => g.Count() > 1).Select(g => g.Key).ToHashSet();
        var results = wanted.Select(w => twice.Contains(w.Name)
            ? new Result(w.Name, ErrorCode.InvalidRequest, $"Topic {w.Name} is in the request more than once.")
            : Create(call.Broker, w, validateOnly)).ToList();

        response.Int32(0);
        response.Array(results, (w, result) =>
        {
            w.String(result.Name);
            if (version >= 7)
                w.Uuid(result.Id);
            w.Error(result.Error);
            w.Message(result.Message);
            if (version >= 5)
            {
                w.Int32(result.Partitions);
                w.Int16(result.Config is null ? (short)-1 : (short)1);
                if (result.Config is null)
                    w.ArrayLength(-1);
                else
                    w.Array(TopicConfigKey.All.Values.ToList(), (cw, key) => WriteConfig(cw, key, result.Config));
            }

            w.Tags();
        });
        response.Tags();
    }

    private static Wanted ReadTopic(RequestReader r)
    {
        var wanted = new Wanted(
            r.String(), r.Int32(), r.Int16(),
            r.Array(static a =>
            {
                var assignment = (a.Int32(), a.Int32Array());
                a.Tags();
                return assignment;
            }),
            r.Array(static c =>
            {
                var config = KeyValuePair.Create(c.String(), c.NullableString());
                c.Tags();
                return config;
            }));
        r.Tags();
        return wanted;
    }

    private static Result Create(Broker broker, Wanted wanted, bool validateOnly)
    {
        var name = wanted.Name;
        if (TopicRegistry.CheckName(name) is { } nameError)
            return new Result(name, ErrorCode.InvalidTopic, nameError);
        if (broker.Topics.Find(name) is not null)
            return new Result(name, ErrorCode.TopicAlreadyExists, $"Topic '{name}' already exists.");

        if (broker.Topics.FindCollision(name) is { } other)
            return new Result(name, ErrorCode.InvalidTopic, $"Topic '{name}' collides with existing topic '{other}': '.' and '_' are the same in metric names.");

        var count = wanted.Assignments.Length > 0 ? wanted.Assignments.Length : wanted.Partitions == -1 ? broker.Options.DefaultPartitions : wanted.Partitions;
        if (count is < 1 or > TopicRegistry.MaxPartitions)
            return new Result(name, ErrorCode.InvalidPartitions, $"Number of partitions was {count}; it can be 1 to {TopicRegistry.MaxPartitions}.");
        if (wanted.Assignments.Length == 0 && wanted.Replication is not (1 or -1))
            return new Result(name, ErrorCode.InvalidReplicationFactor, $"Replication factor: {wanted.Replication} larger than available brokers: 1.");
        if (wanted.Assignments.Any(a => a.Brokers is not [Broker.NodeId] || a.Index < 0 || a.Index >= count))
            return new Result(name, ErrorCode.InvalidReplicaAssignment, $"Every partition from 0 to {count - 1} can only be on broker {Broker.NodeId}.");

        var (config, configError) = TopicConfig.Create(wanted.Configs.Where(c => c.Value is not null).Select(c => KeyValuePair.Create(c.Key, c.Value!)));
        if (config is null)
            return new Result(name, ErrorCode.InvalidConfig, configError);
        if (!broker.Topics.HasRoom(count))
            return Full(broker, name);
        if (validateOnly)
            return new Result(name, ErrorCode.None, null, default, count, config);
        try
        {
            return broker.Topics.Create(name, count, config) is { } topic
                ? new Result(name, ErrorCode.None, null, topic.Id, count, config)
                : broker.Topics.HasRoom(count) ? new Result(name, ErrorCode.TopicAlreadyExists, $"Topic '{name}' already exists.") : Full(broker, name);
        }
        catch (Exception e) when (broker.IsStorage(e))
        {
            return new Result(name, ErrorCode.KafkaStorageError, e.Message);
        }
    }

    private static Result Full(Broker broker, string name) => new(
        name, ErrorCode.PolicyViolation, $"All topics together may have {broker.Options.MaxPartitions} partitions (maxPartitions). Delete a topic, or start the server with more.");

    private static void WriteConfig(ResponseWriter w, TopicConfigKey key, TopicConfig config)
    {
        w.String(key.Name);
        w.String(config[key.Name]);
        w.Bool(false);
        w.Int8(config.Values.ContainsKey(key.Name) ? ConfigSource.Topic : ConfigSource.Default);
        w.Bool(false);
        w.Tags();
    }
}
