using Kappa.Iot.Embedded.Groups;
using Kappa.Iot.Embedded.Topics;

namespace Kappa.Iot.Embedded.Protocol.Apis;

/// <summary>Forgets single offsets of a group that does not consume from those topics now.</summary>
internal static class OffsetDeleteApi
{
    public static void Handle(Call call)
    {
        var (request, response) = (call.Request, call.Response);
        var groupId = request.String();
        var topics = request.Array(static r => (Name: r.String(), Partitions: r.Int32Array()));
        var group = call.Broker.Groups.Find(groupId);
        if (group is null)
        {
            Refuse(response, ErrorCode.GroupIdNotFound);
            return;
        }

        lock (group.Lock)
        {
            if (group.State != GroupState.Empty && group.ProtocolType != ConsumerSubscription.ProtocolType)
            {
                Refuse(response, ErrorCode.NonEmptyGroup);
                return;
            }

            var subscribed = topics.Select(t => t.Name).Where(t => group.Consumers?.Subscribes(t) ?? group.Members.Any(m => ConsumerSubscription.Includes(m, t))).ToHashSet();
            var error = call.Broker.Groups.DeleteOffsets(
                group, [.. topics.Where(t => !subscribed.Contains(t.Name)).SelectMany(t => t.Partitions.Select(p => new TopicPartition(t.Name, p)))]);
            if (error != ErrorCode.None)
            {
                Refuse(response, error);
                return;
            }

            response.Error(ErrorCode.None);
            response.Int32(0);
            response.Array(topics, (w, topic) =>
            {
                w.String(topic.Name);
                w.Array(topic.Partitions, (pw, partition) =>
                {
                    pw.Int32(partition);
                    pw.Error(subscribed.Contains(topic.Name) ? ErrorCode.GroupSubscribedToTopic : ErrorCode.None);
                });
            });
        }
    }

    private static void Refuse(ResponseWriter response, ErrorCode error)
    {
        response.Error(error);
        response.Int32(0);
        response.ArrayLength(0);
    }
}
