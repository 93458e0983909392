using Kappa.Iot.Embedded.Topics;

namespace Kappa.Iot.Embedded.Protocol.Apis;

/// <summary>Adds partitions to topics.</summary>
internal static class CreatePartitionsApi
{
    public static void Handle(Call call)
    {
        var (request, response) = (call.Request, call.Response);
        var wanted = request.Array(static r =>
        {
            var topic = (Name: r.String(), Count: r.Int32());
            r.NullableArray(static a =>
            {
                var brokers = a.Int32Array();
                a.Tags();
                return brokers;
            });
            r.Tags();
            return topic;
        });
        request.Int32();
        var validateOnly = request.Bool();

        response.Int32(0);
        response.Array(wanted, (w, topic) =>
        {
            var found = call.Broker.Topics.Find(topic.Name);
            var error = found switch
            {
                null => ErrorCode.UnknownTopicOrPartition,
                { IsInternal: true } => ErrorCode.InvalidTopic,
                _ when topic.Count <= found.Partitions.Count || topic.Count > TopicRegistry.MaxPartitions => ErrorCode.InvalidPartitions,
                _ when !call.Broker.Topics.HasRoom(topic.Count - found.Partitions.Count) => ErrorCode.PolicyViolation,
                _ => validateOnly ? ErrorCode.None : Add(call.Broker, topic.Name, topic.Count),
            };
            w.String(topic.Name);
            w.Error(error);
            w.String(error switch
            {
                ErrorCode.InvalidPartitions => $"The topic currently has {found!.Partitions.Count} partition(s); {topic.Count} would not be an increase, or too many.",
                ErrorCode.PolicyViolation => $"All topics together may have {call.Broker.Options.MaxPartitions} partitions (maxPartitions).",
                _ => null,
            });
            w.Tags();
        });
        response.Tags();
    }

    private static ErrorCode Add(Broker broker, string name, int count)
    {
        try
        {
            return broker.Topics.AddPartitions(name, count);
        }
        catch (Exception e) when (broker.IsStorage(e))
        {
            return ErrorCode.KafkaStorageError;
        }
    }
}
