using Kappa.Iot.Embedded.Groups;
using Kappa.Iot.Embedded.Topics;

namespace Kappa.Iot.Embedded.Protocol.Apis;

/// <summary>Commits a group's offsets.</summary>
internal static class OffsetCommitApi
{
    public static void Handle(Call call)
    {
        var (request, version) = (call.Request, call.Version);
        var groupId = request.String();
        var generation = request.Int32();
        var memberId = request.String();
        var instanceId = version >= 7 ? request.NullableString() : null;
        if (version is >= 2 and <= 4)
            request.Int64();
        var now = call.Broker.Options.Time.GetUtcNow().ToUnixTimeMilliseconds();
        var offsets = request.Array(r =>
        {
            var name = r.String();
            var partitions = r.Array(p =>
            {
                var index = p.Int32();
                var offset = new CommittedOffset(p.Int64(), version >= 6 ? p.Int32() : -1, p.NullableString() ?? "", now, -1);
                p.Tags();
                return (Partition: new TopicPartition(name, index), Offset: offset);
            });
            r.Tags();
            return (Name: name, Partitions: partitions);
        });

        if (generation >= 0 && call.Broker.Groups.Find(groupId) is null)
            CommitAndWrite(call, groupId, offsets, _ => version >= 9 ? ErrorCode.GroupIdNotFound : ErrorCode.IllegalGeneration);
        else
            CommitAndWrite(call, groupId, offsets, group => Check(group, generation, memberId, instanceId, version, offsets.SelectMany(t => t.Partitions).Select(p => p.Partition)));
    }

    /// <summary>Commits the offsets that may be committed and writes the answer, which is the same for both kinds of commit.</summary>
    public static void CommitAndWrite(
        Call call, string groupId, IReadOnlyList<(string Name, (TopicPartition Partition, CommittedOffset Offset)[] Partitions)> topics, Func<Group, ErrorCode> check,
        long producerId = -1, short producerEpoch = -1)
    {
        var groups = call.Broker.Groups;
        var error = groupId.Length > GroupCoordinator.MaxNameLength ? ErrorCode.InvalidGroupId
            : groups.Find(groupId) is null && !groups.HasRoom(Group.OwnSize) ? ErrorCode.CoordinatorNotAvailable
            : check(groups.GetOrAdd(groupId));
        if (error == ErrorCode.None)
        {
            var good = topics.SelectMany(t => t.Partitions).Where(p => CheckOffset(call, p) == ErrorCode.None).ToList();
            error = groups.Commit(groups.GetOrAdd(groupId), good, producerId, producerEpoch);
        }

        var response = call.Response;
        if (producerId >= 0 || call.Version >= 3)
            response.Int32(0);
        response.Array(topics, (w, topic) =>
        {
            w.String(topic.Name);
            w.Array(topic.Partitions, (writer, p) =>
            {
                writer.Int32(p.Partition.Partition);
                writer.Error(error != ErrorCode.None ? error : CheckOffset(call, p));
                writer.Tags();
            });
            w.Tags();
        });
        response.Tags();
    }

    private static ErrorCode Check(Group group, int generation, string memberId, string? instanceId, short version, IEnumerable<TopicPartition> partitions)
    {
        lock (group.Lock)
        {
            if (group.Consumers is { } consumers)
            {
                if (generation < 0 && consumers.Members.Count == 0)
                    return ErrorCode.None;
                var found = consumers.Check(memberId, generation, partitions);
                return found != ErrorCode.UnknownMemberId && version < 9 ? ErrorCode.UnsupportedVersion : found;
            }

            if (generation < 0 && memberId.Length == 0 && instanceId is null)
                return group.State == GroupState.Empty ? ErrorCode.None : ErrorCode.UnknownMemberId;
            var error = group.CheckMember(memberId, instanceId, generation);
            if (error != ErrorCode.None)
                return error;
            group.Touch(memberId);
            return group.State == GroupState.CompletingRebalance ? ErrorCode.RebalanceInProgress : ErrorCode.None;
        }
    }

    private static ErrorCode CheckOffset(Call call, (TopicPartition Partition, CommittedOffset Offset) commit)
    {
        if (call.Broker.Topics.FindPartition(commit.Partition.Topic, commit.Partition.Partition) is null)
            return ErrorCode.UnknownTopicOrPartition;
        return commit.Offset.Metadata.Length > GroupCoordinator.MaxMetadataLength ? ErrorCode.OffsetMetadataTooLarge : ErrorCode.None;
    }
}
