using Kappa.Iot.Embedded.Groups;
using Kappa.Iot.Embedded.Topics;

namespace Kappa.Iot.Embedded.Protocol.Apis;

/// <summary>State and members of groups that use the consumer protocol.</summary>
internal static class ConsumerGroupDescribeApi
{
    private const sbyte ConsumerMemberType = 1;

    public static void Handle(Call call)
    {
        var (response, version) = (call.Response, call.Version);
        var ids = call.Request.StringArray();
        response.Int32(0);
        response.Array(ids, (w, id) =>
        {
            if (call.Broker.Groups.Find(id) is { } group)
            {
                lock (group.Lock)
                {
                    if (group.Consumers is { } consumers)
                    {
                        Write(w, call.Broker.Topics, version, group, consumers);
                        return;
                    }
                }
            }

            w.Error(ErrorCode.GroupIdNotFound);
            w.Message($"There is no consumer group {id}.");
            w.String(id);
            w.String("");
            w.Int32(0);
            w.Int32(0);
            w.String("");
            w.ArrayLength(0);
            w.Int32(int.MinValue);
            w.Tags();
        });
        response.Tags();
    }

    private static void Write(ResponseWriter w, TopicRegistry topics, short version, Group group, ConsumerMembership consumers)
    {
        w.Error(ErrorCode.None);
        w.String(null);
        w.String(group.Id);
        w.String(group.StateName);
        w.Int32(consumers.Epoch);
        w.Int32(consumers.AssignmentEpoch);
        w.String(consumers.Assignor);
        w.Array(consumers.Members, (mw, member) =>
        {
            mw.String(member.Id);
            mw.String(member.InstanceId);
            mw.String(member.RackId);
            mw.Int32(member.Epoch);
            mw.String(member.ClientId);
            mw.String(member.ClientHost);
            mw.Array(member.Topics.Names, static (n, name) => n.String(name));
            mw.String(member.Topics.Regex);
            WritePartitions(mw, topics, member.Assigned.Keys);
            WritePartitions(mw, topics, member.Target);
            if (version >= 1)
                mw.Int8(ConsumerMemberType);
            mw.Tags();
        });
        w.Int32(int.MinValue);
        w.Tags();
    }

    /// <summary>Those whose topic is still there.</summary>
    private static void WritePartitions(ResponseWriter writer, TopicRegistry topics, IEnumerable<TopicIdPartition> partitions)
    {
        writer.Array(partitions.GroupBy(p => topics.Find(p.Topic)).Where(t => t.Key is not null).ToList(), static (w, topic) =>
        {
            w.Uuid(topic.Key!.Id);
            w.String(topic.Key.Name);
            w.Int32Array([.. topic.Select(p => p.Partition)]);
            w.Tags();
        });
        writer.Tags();
    }
}
