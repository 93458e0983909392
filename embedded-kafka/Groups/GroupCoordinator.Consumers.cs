using Kappa.Iot.Embedded.Log;
using Kappa.Iot.Embedded.Protocol;

namespace Kappa.Iot.Embedded.Groups;

internal sealed partial class GroupCoordinator
{
    private readonly ConsumerTiming _timing = timing ?? new ConsumerTiming(TimeSpan.FromSeconds(45), TimeSpan.FromSeconds(5));

    /// <summary>A member of the consumer protocol joins, lives, or leaves. What it is told is in the log before.</summary>
    public ConsumerHeartbeatResult Heartbeat(ConsumerHeartbeat request)
    {
        var joins = request.Epoch == ConsumerHeartbeat.Join;
        var size = 1024L + (request.Regex?.Length ?? 0) + (request.Topics?.Sum(t => 64L + 2 * t.Length) ?? 0);
        if ((joins || request.Topics is not null || request.Regex is not null) && !HasRoom(size + Group.OwnSize))
            return new(joins ? ErrorCode.GroupMaxSizeReached : ErrorCode.CoordinatorNotAvailable, "There is no memory left for more in groups.");
        if ((joins ? GetOrAdd(request.GroupId) : Find(request.GroupId)) is not { } group)
            return new(ErrorCode.GroupIdNotFound, $"There is no group {request.GroupId}.");

        lock (group.Lock)
        {
            if (group.State == GroupState.Dead)
                return new(ErrorCode.CoordinatorNotAvailable);
            if (joins && group.Consumers is null && group.IsIdle)
            {
                // An empty group of the other protocol becomes one of this; its offsets stay.
                group.Restore(0, null, null, null, [], group.EmptySince);
                group.Consumers = NewConsumers(group.Id);
            }

            if (group.Consumers is not { } consumers)
                return new(ErrorCode.GroupIdNotFound, $"Group {request.GroupId} is not a consumer group.");
            var result = consumers.Heartbeat(request);
            if (WriteConsumers(group) is var error && error != ErrorCode.None)
                return new(error, "The group could not be written to the log.");
            return result;
        }
    }

    /// <summary>Moves the group's clock on; the caller holds its lock.</summary>
    public void Tick(Group group)
    {
        group.Tick();
        if (group.Consumers?.Tick() == true)
            WriteConsumers(group);
    }

    private ConsumerMembership NewConsumers(string groupId) => new(groupId, topics, time, _timing, maxMembers, HasRoom);

    private ErrorCode WriteConsumers(Group group)
    {
        if (group.Consumers?.Unwritten() is not { Count: > 0 } records || group.State == GroupState.Dead)
            return ErrorCode.None;
        var result = Log.AppendInternal(RecordBatchBuilder.Build([.. records], Now()));
        if (result.Error != ErrorCode.None)
            return Translate(result.Error);
        group.Consumers.Written();
        if (group.Consumers.Members.Count == 0)
            group.EmptySince = Now();
        return ErrorCode.None;
    }

    private static void Read(GroupRecordKey key, Record record, Dictionary<string, StoredConsumers> all)
    {
        if (!all.TryGetValue(key.Group, out var stored))
            all.Add(key.Group, stored = new StoredConsumers());
        switch (key.Kind, record.Value)
        {
            case (GroupRecordKind.Epoch, { } epoch):
                (stored.Epoch, stored.Since) = (GroupRecords.ReadEpoch(epoch), record.Timestamp);
                break;
            case (GroupRecordKind.Epoch, null):
                all.Remove(key.Group);
                break;
            case (GroupRecordKind.Member, { } member):
                stored.Members[key.Member] = GroupRecords.ReadMember(key.Member, member);
                break;
            case (GroupRecordKind.Assignment, { } assignment) when stored.Members.TryGetValue(key.Member, out var known):
                GroupRecords.ReadAssignment(assignment, known);
                break;
            default:
                stored.Members.Remove(key.Member);
                break;
        }
    }

    private void Restore(Dictionary<string, StoredConsumers> all)
    {
        foreach (var (groupId, stored) in all.Where(g => g.Value.Epoch >= 0))
        {
            var group = GetOrAdd(groupId);
            group.Restore(0, null, null, null, [], stored.Since);
            group.Consumers = NewConsumers(groupId);
            group.Consumers.Restore(stored.Epoch, stored.Members.Values);
        }
    }

    /// <summary>What the log has said so far about a group of the consumer protocol.</summary>
    private sealed class StoredConsumers
    {
        public int Epoch { get; set; } = -1;

        /// <summary>When it got its epoch, ms since 1970.</summary>
        public long Since { get; set; }

        public Dictionary<string, ConsumerMember> Members { get; } = [];
    }
}
