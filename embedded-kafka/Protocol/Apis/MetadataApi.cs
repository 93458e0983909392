using Kappa.Iot.Embedded.Topics;

namespace Kappa.Iot.Embedded.Protocol.Apis;

/// <summary>Brokers and topics. There is one broker, and it leads everything.</summary>
internal static class MetadataApi
{
    private const int NoOperations = int.MinValue;

    public static void Handle(Call call)
    {
        var (request, version) = (call.Request, call.Version);
        var wanted = request.NullableArray(r =>
        {
            var id = version >= 10 ? r.Uuid() : Guid.Empty;
            var name = version >= 10 ? r.NullableString() : r.String();
            r.Tags();
            return (Id: id, Name: name);
        });
        if (version == 0 && wanted is { Length: 0 })
            wanted = null;
        var mayCreate = version < 4 || request.Bool();

        var broker = call.Broker;
        var topics = wanted is null
            ? [.. broker.Topics.All.OrderBy(t => t.Name, StringComparer.Ordinal).Select(t => (t.Name, t.Id, Topic: (Topic?)t, Error: ErrorCode.None))]
            : wanted.Select(w => Find(broker, w.Id, w.Name, mayCreate && broker.Options.AutoCreateTopics)).ToList();

        Write(call, topics);
    }

    private static (string? Name, Guid Id, Topic? Topic, ErrorCode Error) Find(Broker broker, Guid id, string? name, bool mayCreate)
    {
        if (name is null)
        {
            var byId = broker.Topics.Find(id);
            return (byId?.Name, id, byId, byId is null ? ErrorCode.UnknownTopicId : ErrorCode.None);
        }

        var topic = broker.Topics.Find(name);
        if (topic is not null)
            return (name, topic.Id, topic, ErrorCode.None);
        if (TopicRegistry.CheckName(name) is not null || broker.Topics.FindCollision(name) is not null)
            return (name, Guid.Empty, null, ErrorCode.InvalidTopic);
        try
        {
            if (mayCreate)
                topic = broker.Topics.Create(name, broker.Options.DefaultPartitions, TopicConfig.Default) ?? broker.Topics.Find(name);
        }
        catch (Exception e) when (broker.IsStorage(e))
        {
            return (name, Guid.Empty, null, ErrorCode.KafkaStorageError);
        }

        return (name, topic?.Id ?? Guid.Empty, topic, topic is null ? ErrorCode.UnknownTopicOrPartition : ErrorCode.None);
    }

    private static void Write(Call call, IReadOnlyCollection<(string? Name, Guid Id, Topic? Topic, ErrorCode Error)> topics)
    {
        var (response, version, broker) = (call.Response, call.Version, call.Broker);
        if (version >= 3)
            response.Int32(0);
        response.ArrayLength(1);
        response.Int32(Broker.NodeId);
        response.String(broker.AdvertisedHost);
        response.Int32(broker.AdvertisedPort);
        if (version >= 1)
            response.String(null);
        response.Tags();
        if (version >= 2)
            response.String(broker.ClusterId);
        if (version >= 1)
            response.Int32(Broker.NodeId);
        response.Array(topics, (w, entry) =>
        {
            w.Error(entry.Error);
            w.String(version >= 12 ? entry.Name : entry.Name ?? "");
            if (version >= 10)
                w.Uuid(entry.Id);
            if (version >= 1)
                w.Bool(entry.Topic?.IsInternal ?? false);
            w.ArrayLength(entry.Topic?.Partitions.Count ?? 0);
            for (var i = 0; i < (entry.Topic?.Partitions.Count ?? 0); i++)
                WritePartition(w, i, version);
            if (version >= 8)
                w.Int32(NoOperations);
            w.Tags();
        });
        if (version is >= 8 and <= 10)
            response.Int32(NoOperations);
        if (version >= 13)
            response.Error(ErrorCode.None);
        response.Tags();
    }

    private static void WritePartition(ResponseWriter w, int index, short version)
    {
        w.Error(ErrorCode.None);
        w.Int32(index);
        w.Int32(Broker.NodeId);
        if (version >= 7)
            w.Int32(0);
        w.ArrayLength(1);
        w.Int32(Broker.NodeId);
        w.ArrayLength(1);
        w.Int32(Broker.NodeId);
        if (version >= 5)
            w.ArrayLength(0);
        w.Tags();
    }
}
