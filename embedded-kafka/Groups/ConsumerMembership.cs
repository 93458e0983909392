using Kappa.Iot.Embedded.Protocol;
using Kappa.Iot.Embedded.Topics;

namespace Kappa.Iot.Embedded.Groups;

/// <summary>
/// The members of a group that uses the consumer protocol (KIP-848): the server assigns, and every member goes there by itself, in its
/// heartbeats. A partition has one owner, who keeps it until it says that it gave it back, or is out. Not safe by itself: whoever touches it
/// holds the group's lock, and tells nobody anything before <see cref="Unwritten"/> is written.
/// </summary>
/// <param name="hasRoom">Whether the groups may take so many bytes more.</param>
internal sealed partial class ConsumerMembership(string groupId, TopicRegistry topics, TimeProvider time, ConsumerTiming timing, int maxMembers, Func<long, bool> hasRoom)
{
    public const string TypeName = "consumer";

    /// <summary>Bytes of memory that a partition takes, roughly: in a member's target, its assignment, and among those that have an owner.</summary>
    public const long PartitionSize = 250;

    private readonly Dictionary<string, ConsumerMember> _members = [];
    private readonly Dictionary<string, ConsumerMember> _static = [];
    private readonly Dictionary<TopicIdPartition, ConsumerMember> _owners = [];

    /// <summary>Members that have changed or gone since the log last heard of them.</summary>
    private readonly HashSet<string> _unwritten = [];
    private int _writtenEpoch;

    /// <summary>One more when members come or go, or what they subscribe to changes.</summary>
    public int Epoch { get; private set; }

    /// <summary>That of the group when it was last worked out who is to have what.</summary>
    public int AssignmentEpoch { get; private set; }

    public IReadOnlyCollection<ConsumerMember> Members => _members.Values;

    /// <summary>Bytes of memory, roughly.</summary>
    public long Size => _members.Values.Sum(m => m.Size) + _members.Values.Select(m => m.Topics).Distinct().Sum(t => t.Size) + _unwritten.Sum(id => 64L + 2 * id.Length);

    public string State => _members.Count == 0 ? "Empty" : Epoch > AssignmentEpoch ? "Assigning"
        : _members.Values.All(m => m.IsReconciled(AssignmentEpoch)) ? "Stable" : "Reconciling";

    /// <summary>What most members would like.</summary>
    public string Assignor => _members.Values.Select(m => m.Assignor).OfType<string>().GroupBy(a => a)
        .OrderByDescending(votes => votes.Count()).ThenBy(votes => votes.Key, StringComparer.Ordinal).FirstOrDefault()?.Key ?? PartitionAssignor.Uniform;

    public bool Subscribes(string topic) => topics.Find(topic) is { } found && _members.Values.Any(m => m.Topics.Ids.Contains(found.Id));

    public ConsumerHeartbeatResult Heartbeat(ConsumerHeartbeat request)
    {
        if (Find(request) is { } refused)
            return refused;
        var member = _members.GetValueOrDefault(request.MemberId);
        if (request.Epoch < 0)
            return Leave(member!, request.Epoch);
        var (subscription, error) = Subscription(request, member);
        if (error is not null)
            return error;

        member ??= Add(request);
        member.SessionEnd = time.GetUtcNow() + timing.SessionTimeout;
        Update(member, request, subscription);
        if (Assign() is { } noRoom)
            return noRoom;
        var hasChanged = Reconcile(member, request);
        return new(ErrorCode.None, null, member.Id, member.Epoch, hasChanged || request.Epoch == ConsumerHeartbeat.Join || request.IsFull ? [.. member.Assigned.Keys] : null);
    }

    /// <summary>Checks what a member says of itself with a request of another kind, one that commits offsets or asks for them.</summary>
    /// <param name="partitions">Those to commit for. One that the member has had since an older epoch may be committed for with that one.</param>
    public ErrorCode Check(string memberId, int epoch, IEnumerable<TopicPartition>? partitions = null)
    {
        if (!_members.TryGetValue(memberId, out var member))
            return ErrorCode.UnknownMemberId;
        var isRight = epoch == member.Epoch || (partitions is not null && epoch < member.Epoch && partitions.All(p => topics.Find(p.Topic) is { } topic
            && new TopicIdPartition(topic.Id, p.Partition) is var id
            && (member.Assigned.TryGetValue(id, out var since) || member.Revoking.TryGetValue(id, out since)) && epoch >= since));
        return isRight ? ErrorCode.None : ErrorCode.StaleMemberEpoch;
    }

    /// <summary>Removes members whose session has ended, or who have not given back in time what they were to.</summary>
    /// <returns>Whether there were any.</returns>
    public bool Tick()
    {
        var now = time.GetUtcNow();
        var gone = _members.Values.Where(m => m.SessionEnd < now || (m.Revoking.Count > 0 && m.RevokeEnd < now)).ToList();
        gone.ForEach(Remove);
        return gone.Count > 0;
    }

    /// <summary>What the log has not heard of yet, as its records.</summary>
    public IReadOnlyList<(byte[] Key, byte[]? Value)> Unwritten()
    {
        var records = new List<(byte[], byte[]?)>();
        if (_writtenEpoch != Epoch)
            records.Add((GroupRecords.EpochKey(groupId), GroupRecords.EpochValue(Epoch)));
        foreach (var id in _unwritten)
        {
            var member = _members.GetValueOrDefault(id);
            records.Add((GroupRecords.MemberKey(groupId, id), member is null ? null : GroupRecords.MemberValue(member)));
            records.Add((GroupRecords.AssignmentKey(groupId, id), member is null ? null : GroupRecords.AssignmentValue(member)));
        }

        return records;
    }

    public void Written()
    {
        _writtenEpoch = Epoch;
        _unwritten.Clear();
    }

    /// <summary>Puts back what the log says: the epoch, and each member with what it had. They have a session's time to show up.</summary>
    public void Restore(int epoch, IEnumerable<ConsumerMember> members)
    {
        foreach (var member in members)
        {
            member.SessionEnd = time.GetUtcNow() + timing.SessionTimeout;
            member.RevokeEnd = time.GetUtcNow() + member.RebalanceTimeout;
            member.Target = [.. member.Assigned.Keys];
            member.Owned = [.. member.Assigned.Keys, .. member.Revoking.Keys];
            member.Topics = _members.Values.FirstOrDefault(m => m.Topics.IsSame(member.Topics))?.Topics ?? member.Topics;
            Insert(member);
            foreach (var partition in member.Assigned.Keys.Concat(member.Revoking.Keys))
                _owners[partition] = member;
        }

        // What each was to have is not in the log, so it is worked out anew.
        _writtenEpoch = epoch;
        AssignmentEpoch = epoch;
        Epoch = epoch;
        if (_members.Count == 0)
            return;
        Bump();
        ReadTopics();
    }

    /// <returns>Why the member that a request names cannot be it.</returns>
    private ConsumerHeartbeatResult? Find(ConsumerHeartbeat request)
    {
        var member = _members.GetValueOrDefault(request.MemberId);
        var owner = request.InstanceId is { } instance ? _static.GetValueOrDefault(instance) : member;
        if (request.Epoch == ConsumerHeartbeat.Join)
        {
            if (owner is not null && owner.Id != request.MemberId)
            {
                if (owner.Epoch != ConsumerHeartbeat.LeaveForNow)
                    return new(ErrorCode.UnreleasedInstanceId, $"The instance id {request.InstanceId} is in use by member {owner.Id}, which has to leave first.");
                Replace(owner, request.MemberId);
                return null;
            }

            if (member is not null && member.InstanceId != request.InstanceId)
                return new(ErrorCode.InvalidRequest, $"Member {member.Id} is in the group under another instance id.");
            if (member is null && _members.Count >= maxMembers)
                return new(ErrorCode.GroupMaxSizeReached, $"The group has as many members as it may have: {maxMembers}.");
            return null;
        }

        if (owner is null)
            return new(ErrorCode.UnknownMemberId, $"The group has no member {request.InstanceId ?? request.MemberId}.");
        if (owner.Id != request.MemberId)
            return new(ErrorCode.FencedInstanceId, $"The instance id {request.InstanceId} belongs to member {owner.Id} now.");
        var isRight = request.Epoch < 0 || request.Epoch == owner.Epoch
            || (request.Epoch < owner.Epoch && request.Epoch == owner.PreviousEpoch && request.Owned is { } owned && owned.All(p => owner.Assigned.ContainsKey(p) || owner.Revoking.ContainsKey(p)));
        return isRight ? null : new(ErrorCode.FencedMemberEpoch, $"The member's epoch is {owner.Epoch} and not {request.Epoch}: it has to give up all partitions and join again.");
    }

    private ConsumerHeartbeatResult Leave(ConsumerMember member, int epoch)
    {
        if (epoch == ConsumerHeartbeat.LeaveForNow && member.InstanceId is not null)
        {
            // Its partitions wait for it as long as its session does; what it was giving back it has given back.
            Release(member, member.Revoking.Keys);
            member.Revoking = [];
            member.Epoch = ConsumerHeartbeat.LeaveForNow;
            _unwritten.Add(member.Id);
        }
        else
        {
            Remove(member);
        }

        return new(ErrorCode.None, null, member.Id, epoch);
    }

    private ConsumerMember Add(ConsumerHeartbeat request)
    {
        var member = new ConsumerMember(request.MemberId, request.InstanceId);
        Insert(member);
        Bump();
        return member;
    }

    private void Insert(ConsumerMember member)
    {
        _members[member.Id] = member;
        if (member.InstanceId is { } instance)
            _static[instance] = member;
    }

    private void Replace(ConsumerMember old, string id)
    {
        var member = old.As(id);
        _members.Remove(old.Id);
        Insert(member);
        foreach (var partition in member.Assigned.Keys)
            _owners[partition] = member;
        _unwritten.UnionWith([old.Id, id]);
    }

    private void Remove(ConsumerMember member)
    {
        _members.Remove(member.Id);
        if (member.InstanceId is { } instance)
            _static.Remove(instance);
        Release(member, [.. member.Assigned.Keys, .. member.Revoking.Keys]);
        _unwritten.Add(member.Id);
        Bump();
    }

    /// <summary>What comes together gets one epoch.</summary>
    private void Bump() => Epoch = AssignmentEpoch + 1;

    private void Release(ConsumerMember member, IEnumerable<TopicIdPartition> partitions)
    {
        foreach (var partition in partitions)
        {
            if (_owners.GetValueOrDefault(partition) == member)
                _owners.Remove(partition);
        }
    }
}
