using Kappa.Iot.Embedded.Log;

namespace Kappa.Iot.Embedded.Protocol.Apis;

/// <summary>Stores batches. With one node, acks=1 and acks=all are the same.</summary>
internal static class ProduceApi
{
    public static void Handle(Call call)
    {
        var (request, response, version) = (call.Request, call.Response, call.Version);
        var transactionalId = request.NullableString();
        var acks = request.Int16();
        request.Int32();
        var validAcks = acks is -1 or 0 or 1;
        call.NoResponse = acks == 0;

        // Answers are written while the request is read: nothing of a batch is kept.
        var topics = request.ArrayLength();
        response.ArrayLength(Math.Max(0, topics));
        for (var t = 0; t < topics; t++)
        {
            var (name, id) = version >= 13 ? ("", request.Uuid()) : (request.String(), Guid.Empty);
            var topic = version >= 13 ? call.Broker.Topics.Find(id) : call.Broker.Topics.Find(name);
            if (version >= 13)
                response.Uuid(id);
            else
                response.String(name);
            var partitions = request.ArrayLength();
            response.ArrayLength(Math.Max(0, partitions));
            for (var p = 0; p < partitions; p++)
            {
                var index = request.Int32();
                var records = request.NullableBytes();
                request.Tags();
                var log = topic?.Partition(index);
                var result = true switch
                {
                    _ when !validAcks => AppendResult.Refused(ErrorCode.InvalidRequiredAcks, $"acks is {acks}; it can be -1, 0 or 1."),
                    _ when topic is { IsInternal: true } => AppendResult.Refused(ErrorCode.InvalidTopic, $"{name} belongs to the broker."),
                    _ when topic is null && version >= 13 => AppendResult.Refused(ErrorCode.UnknownTopicId, $"There is no topic with the id {id}."),
                    _ when log is null => AppendResult.Refused(ErrorCode.UnknownTopicOrPartition, $"There is no partition {name}-{index}."),
                    _ when records is null => AppendResult.Refused(ErrorCode.InvalidRecord, "The request has no records."),
                    _ => log!.Append(records!.Value, mayBeTransactional: transactionalId is not null),
                };
                Write(response, version, index, result, log?.StartOffset ?? -1);
            }

            request.Tags();
            response.Tags();
        }

        response.Int32(0);
        response.Tags();
    }

    private static void Write(ResponseWriter w, short version, int index, in AppendResult result, long startOffset)
    {
        w.Int32(index);
        w.Error(result.Error);
        w.Int64(result.BaseOffset);
        w.Int64(result.LogAppendTime);
        if (version >= 5)
            w.Int64(startOffset);
        if (version >= 8)
        {
            w.ArrayLength(0);
            w.Message(result.Message);
        }

        w.Tags();
    }
}
