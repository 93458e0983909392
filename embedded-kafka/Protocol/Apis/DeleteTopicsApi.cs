using Kappa.Iot.Embedded.Topics;

namespace Kappa.Iot.Embedded.Protocol.Apis;

/// <summary>Removes topics, by name or by id.</summary>
internal static class DeleteTopicsApi
{
    public static void Handle(Call call)
    {
        var (request, response, version) = (call.Request, call.Response, call.Version);
        (string? Name, Guid Id)[] wanted = version >= 6
            ? request.Array(static r =>
            {
                var topic = (r.NullableString(), r.Uuid());
                r.Tags();
                return topic;
            })
            : [.. request.StringArray().Select(n => ((string?)n, Guid.Empty))];

        response.Int32(0);
        response.Array(wanted, (w, topic) =>
        {
            var found = topic.Name is not null ? call.Broker.Topics.Find(topic.Name) : call.Broker.Topics.Find(topic.Id);
            var error = found switch
            {
                null => topic.Name is not null ? ErrorCode.UnknownTopicOrPartition : ErrorCode.UnknownTopicId,
                { IsInternal: true } => ErrorCode.InvalidTopic,
                _ => Delete(call.Broker, found),
            };
            w.String(topic.Name ?? found?.Name);
            if (version >= 6)
                w.Uuid(found?.Id ?? topic.Id);
            w.Error(error);
            if (version >= 5)
                w.String(null);
            w.Tags();
        });
        response.Tags();
    }

    private static ErrorCode Delete(Broker broker, Topic topic)
    {
        try
        {
            if (!broker.Topics.Delete(topic.Name))
                return ErrorCode.UnknownTopicOrPartition;
        }
        catch (Exception e) when (broker.IsStorage(e))
        {
            return ErrorCode.KafkaStorageError;
        }

        broker.Groups.TopicDeleted(topic.Name);
        return ErrorCode.None;
    }
}
