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
            response.Error(ErrorCode.GroupIdNotFound);
            response.Int32(0);
            response.ArrayLength(0);
            return;
        }

        lock (group.Lock)
        {
            var busy = group.State != GroupState.Empty;
            if (!busy)
                call.Broker.Groups.DeleteOffsets(group, [.. topics.SelectMany(t => t.Partitions.Select(p => new TopicPartition(t.Name, p)))]);
            response.Error(ErrorCode.None);
            response.Int32(0);
            response.Array(topics, (w, topic) =>
            {
                w.String(topic.Name);
                w.Array(topic.Partitions, (pw, partition) =>
                {
                    pw.Int32(partition);
                    pw.Error(busy ? ErrorCode.GroupSubscribedToTopic : ErrorCode.None);
                });
            });
        }
    }
}
