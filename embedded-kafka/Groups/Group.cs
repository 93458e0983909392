using Kappa.Iot.Embedded.Protocol;
using Kappa.Iot.Embedded.Topics;

namespace Kappa.Iot.Embedded.Groups;

/// <summary>
/// One consumer group: its members, its generation and its offsets. The rebalance is Kafka's classic one (all join, the leader
/// assigns, all sync), unless it has <see cref="Consumers"/>. Not safe by itself: whoever touches it holds <see cref="Lock"/>.
/// </summary>
internal sealed partial class Group(string id, TimeProvider time, int maxMembers)
{
    /// <summary>Bytes.</summary>
    public const long OwnSize = 2048;
    private readonly Dictionary<string, GroupMember> _members = [];
    private readonly Dictionary<string, string> _static = [];

    /// <summary>Ids that were handed out and not used yet, and until when they are waited for.</summary>
    private readonly Dictionary<string, DateTimeOffset> _promised = [];

    private DateTimeOffset _joinEnd;

    public Lock Lock { get; } = new();

    public string Id { get; } = id;

    public GroupState State { get; set; } = GroupState.Empty;

    public int Generation { get; private set; }

    /// <summary>Since when it has had no members, ms since 1970; 0 for one that never had any.</summary>
    public long EmptySince { get; set; }

    /// <summary>The members where the group uses the consumer protocol; then the classic one has none. Null otherwise.</summary>
    public ConsumerMembership? Consumers { get; set; }

    public string? ProtocolType { get; private set; }

    public string? Protocol { get; private set; }

    public string? Leader { get; private set; }

    public IReadOnlyCollection<GroupMember> Members => _members.Values;

    public Dictionary<TopicPartition, CommittedOffset> Offsets { get; } = [];

    /// <summary>Offsets committed inside transactions that are still open, by producer.</summary>
    public Dictionary<long, Dictionary<TopicPartition, CommittedOffset>> PendingOffsets { get; } = [];

    /// <summary>What it has no offset for any more while the log still has one: that it goes could not be written yet.</summary>
    public HashSet<TopicPartition> Forgotten { get; } = [];

    /// <summary>Whether the last try to write <see cref="Forgotten"/> failed.</summary>
    public bool FailsToForget { get; set; }

    /// <summary>Whatever an offset is committed for, also in a transaction that is still open.</summary>
    public IEnumerable<TopicPartition> Partitions => Offsets.Keys.Union(PendingOffsets.Values.SelectMany(p => p.Keys));

    /// <summary>Set when there is something to write to the log: the coordinator does it before anybody hears of it.</summary>
    public Func<Group, ErrorCode> Persist { get; set; } = static _ => ErrorCode.None;

    /// <summary>Whether it has no members, and expects none.</summary>
    public bool IsIdle => IsEmpty && _promised.Count == 0;

    public bool IsEmpty => State == GroupState.Empty && Consumers is not { Members.Count: > 0 };

    /// <summary>Kafka's name for where it is in its protocol.</summary>
    public string StateName => Consumers is { } consumers && State != GroupState.Dead ? consumers.State : State.ToString();

    /// <summary>Bytes of memory that it takes, roughly.</summary>
    public long Size => OwnSize + Offsets.Values.Sum(SizeOf) + PendingOffsets.Values.Sum(p => p.Values.Sum(SizeOf))
        + _promised.Keys.Sum(p => 128L + 2 * p.Length) + _members.Values.Sum(m => m.Size) + 128L * Forgotten.Count + (Consumers?.Size ?? 0);

    /// <summary>Bytes of memory that an offset takes, roughly.</summary>
    public static long SizeOf(CommittedOffset offset) => 256 + 2 * offset.Metadata.Length;

    /// <summary>Bytes by which these offsets make it larger.</summary>
    public long Growth(IEnumerable<(TopicPartition Partition, CommittedOffset Offset)> offsets, bool transactional) =>
        offsets.Sum(o => SizeOf(o.Offset) - (!transactional && Offsets.TryGetValue(o.Partition, out var before) ? SizeOf(before) : 0));

    /// <summary>Drops what is committed for a partition, and what open transactions would commit for it.</summary>
    public void Forget(TopicPartition partition)
    {
        Offsets.Remove(partition);
        foreach (var (producerId, pending) in PendingOffsets)
        {
            if (pending.Remove(partition) && pending.Count == 0)
                PendingOffsets.Remove(producerId);
        }
    }

    public bool HasMember(string memberId) => _members.ContainsKey(memberId);

    /// <summary>Checks a member's credentials for anything but joining.</summary>
    public ErrorCode CheckMember(string memberId, string? instanceId, int generation)
    {
        if (State == GroupState.Dead)
            return ErrorCode.UnknownMemberId;
        if (instanceId is not null)
        {
            if (!_static.TryGetValue(instanceId, out var owner))
                return ErrorCode.UnknownMemberId;
            if (owner != memberId)
                return ErrorCode.FencedInstanceId;
        }

        if (!_members.ContainsKey(memberId))
            return ErrorCode.UnknownMemberId;
        return generation == Generation ? ErrorCode.None : ErrorCode.IllegalGeneration;
    }

    public ErrorCode Heartbeat(string memberId, string? instanceId, int generation)
    {
        var error = CheckMember(memberId, instanceId, generation);
        if (error != ErrorCode.None)
            return error;

        Touch(_members[memberId]);
        return State == GroupState.PreparingRebalance ? ErrorCode.RebalanceInProgress : ErrorCode.None;
    }

    /// <summary>A sign of life restarts the session's clock.</summary>
    public void Touch(GroupMember member) => member.SessionEnd = time.GetUtcNow() + member.SessionTimeout;

    public void Touch(string memberId)
    {
        if (_members.TryGetValue(memberId, out var member))
            Touch(member);
    }

    /// <summary>Removes a member by id, or a static one by instance id.</summary>
    public ErrorCode Leave(string memberId, string? instanceId)
    {
        if (State == GroupState.Dead)
            return ErrorCode.UnknownMemberId;
        if (instanceId is not null)
        {
            if (!_static.TryGetValue(instanceId, out var owner))
                return ErrorCode.UnknownMemberId;
            if (memberId.Length > 0 && owner != memberId)
                return ErrorCode.FencedInstanceId;
            memberId = owner;
        }

        if (_promised.Remove(memberId))
        {
            TryCompleteJoin();
            return ErrorCode.None;
        }

        if (!_members.TryGetValue(memberId, out var member))
            return ErrorCode.UnknownMemberId;
        Remove(member);
        RebalanceWithout();
        return ErrorCode.None;
    }

    /// <summary>Removes members whose session has ended, and ends a join that has waited long enough.</summary>
    public void Tick()
    {
        if (State == GroupState.Dead)
            return;

        var now = time.GetUtcNow();
        foreach (var promised in _promised.Where(p => p.Value < now).Select(p => p.Key).ToList())
            _promised.Remove(promised);

        var gone = _members.Values.Where(m => m.Joining is null && m.Syncing is null && m.SessionEnd < now).ToList();
        foreach (var member in gone)
            Remove(member);
        if (gone.Count > 0)
            RebalanceWithout();

        if (State != GroupState.PreparingRebalance)
            return;
        if (now >= _joinEnd)
        {
            foreach (var late in _members.Values.Where(m => m.Joining is null && m.InstanceId is null).ToList())
                Remove(late);
            if (_members.Count > 0 && _members.Values.All(m => m.Joining is null))
                _joinEnd = now + RebalanceTimeout();
            else
                CompleteJoin();
        }
        else
        {
            TryCompleteJoin();
        }
    }

    /// <summary>Puts back what the log says about the group; the members have a session's time to show up.</summary>
    public void Restore(int generation, string? protocolType, string? protocol, string? leader, IEnumerable<GroupMember> members, long since = 0)
    {
        EmptySince = since;
        _members.Clear();
        _static.Clear();
        Generation = generation;
        ProtocolType = protocolType;
        Protocol = protocol;
        Leader = leader;
        foreach (var member in members)
        {
            Add(member);
            Touch(member);
        }

        State = _members.Count == 0 ? GroupState.Empty : GroupState.Stable;
    }

    private void Add(GroupMember member)
    {
        _members[member.Id] = member;
        if (member.InstanceId is { } instance)
            _static[instance] = member.Id;
    }

    private void Remove(GroupMember member)
    {
        member.Joining?.TrySetResult(new JoinResult(ErrorCode.UnknownMemberId, member.Id));
        member.Syncing?.TrySetResult(new SyncResult(ErrorCode.UnknownMemberId, []));
        member.Joining = null;
        member.Syncing = null;
        _members.Remove(member.Id);
        if (member.InstanceId is { } instance && _static.GetValueOrDefault(instance) == member.Id)
            _static.Remove(instance);
        if (Leader == member.Id)
            Leader = _members.Values.FirstOrDefault(m => m.Joining is not null)?.Id ?? _members.Keys.FirstOrDefault();
    }

    private void RebalanceWithout()
    {
        if (State is GroupState.Stable or GroupState.CompletingRebalance)
            PrepareRebalance();
        TryCompleteJoin();
    }

    private TimeSpan RebalanceTimeout() => _members.Count == 0 ? TimeSpan.Zero : _members.Values.Max(m => m.RebalanceTimeout);
}
