using Kappa.Iot.Embedded.Groups;
using Kappa.Iot.Embedded.Topics;

namespace Kappa.Iot.Embedded.Protocol.Apis;

/// <summary>Commits a group's offsets as part of a transaction.</summary>
internal static class TxnOffsetCommitApi
{
    public static void Handle(Call call)
    {
        var (request, version) = (call.Request, call.Version);
        request.String();
        var groupId = request.String();
        var producerId = request.Int64();
        var epoch = request.Int16();
        var generation = version >= 3 ? request.Int32() : -1;
        var memberId = version >= 3 ? request.String() : "";
        var instanceId = version >= 3 ? request.NullableString() : null;
        var now = call.Broker.Options.Time.GetUtcNow().ToUnixTimeMilliseconds();
        var offsets = request.Array(r =>
        {
            var name = r.String();
            var partitions = r.Array(p =>
            {
                var index = p.Int32();
                var offset = new CommittedOffset(p.Int64(), version >= 2 ? p.Int32() : -1, p.NullableString() ?? "", now, -1);
                p.Tags();
                return (Partition: new TopicPartition(name, index), Offset: offset);
            });
            r.Tags();
            return (Name: name, Partitions: partitions);
        });

        OffsetCommitApi.CommitAndWrite(call, groupId, offsets, Check, producerId, epoch);

        ErrorCode Check(Group group)
        {
            if (generation < 0 && memberId.Length == 0 && instanceId is null)
                return ErrorCode.None;
            lock (group.Lock)
            {
                if (group.Consumers is not { } consumers)
                    return group.CheckMember(memberId, instanceId, generation);
                if (generation < 0 && consumers.Members.Count == 0)
                    return ErrorCode.None;
                var found = consumers.Check(memberId, generation, offsets.SelectMany(t => t.Partitions).Select(p => p.Partition));
                return found == ErrorCode.StaleMemberEpoch ? ErrorCode.IllegalGeneration : found;
            }
        }
    }
}
