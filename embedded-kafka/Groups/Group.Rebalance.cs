using Kappa.Iot.Embedded.Protocol;

namespace Kappa.Iot.Embedded.Groups;

internal sealed partial class Group
{
    /// <summary>A member joins, or joins again. The task ends when the new generation begins.</summary>
    public Task<JoinResult> Join(JoinRequest request)
    {
        if (State == GroupState.Dead)
            return Refuse(request, ErrorCode.CoordinatorNotAvailable);
        if (!IsEmpty && Consumers is not null)
            return Refuse(request, ErrorCode.InconsistentGroupProtocol);
        if (!Fits(request))
            return Refuse(request, ErrorCode.InconsistentGroupProtocol);
        if (request.MemberId.Length == 0)
            return JoinAsNew(request);

        if (request.InstanceId is { } instance)
        {
            if (_static.TryGetValue(instance, out var owner) && owner != request.MemberId)
                return Refuse(request, ErrorCode.FencedInstanceId);
        }

        if (_promised.Remove(request.MemberId))
            return AddAndJoin(request, request.MemberId);
        if (!_members.TryGetValue(request.MemberId, out var member))
            return Refuse(request, ErrorCode.UnknownMemberId);

        var unchanged = member.HasSameProtocols(request.Protocols);
        if (unchanged && (State == GroupState.CompletingRebalance || (State == GroupState.Stable && Leader != member.Id)))
        {
            // It did not hear the answer to an earlier join.
            Touch(member);
            return Task.FromResult(Joined(member));
        }

        return JoinAgain(member, request);
    }

    /// <summary>A member asks for its assignment; the leader brings everybody's.</summary>
    public Task<SyncResult> Sync(
        string memberId, string? instanceId, int generation, string? protocolType, string? protocol, IReadOnlyDictionary<string, byte[]> assignments)
    {
        var error = CheckMember(memberId, instanceId, generation);
        if (error == ErrorCode.None && ((protocolType ?? ProtocolType) != ProtocolType || (protocol ?? Protocol) != Protocol))
            error = ErrorCode.InconsistentGroupProtocol;
        if (error == ErrorCode.None && State is GroupState.PreparingRebalance or GroupState.Empty)
            error = State == GroupState.Empty ? ErrorCode.UnknownMemberId : ErrorCode.RebalanceInProgress;
        if (error != ErrorCode.None)
            return Task.FromResult(new SyncResult(error, []));

        var member = _members[memberId];
        Touch(member);
        if (State == GroupState.Stable)
            return Task.FromResult(Synced(member));

        var syncing = member.Syncing = new TaskCompletionSource<SyncResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        if (memberId == Leader)
            FinishSync(assignments);
        return syncing.Task;
    }

    private static Task<JoinResult> Refuse(JoinRequest request, ErrorCode error) => Task.FromResult(new JoinResult(error, request.MemberId));

    /// <summary>Whether the request speaks the group's protocol type, and a strategy that every other member knows too.</summary>
    private bool Fits(JoinRequest request)
    {
        var others = _members.Values.Where(m => m.Id != request.MemberId && (m.InstanceId is null || m.InstanceId != request.InstanceId)).ToList();
        if (request.ProtocolType.Length == 0 || request.Protocols.Count == 0)
            return false;
        if (others.Count == 0)
            return true;
        return ProtocolType == request.ProtocolType && request.Protocols.Any(p => others.TrueForAll(m => m.Protocols.Any(o => o.Name == p.Name)));
    }

    private Task<JoinResult> JoinAsNew(JoinRequest request)
    {
        var id = $"{request.InstanceId ?? request.ClientId}-{Guid.NewGuid()}";
        if (request.InstanceId is { } instance)
        {
            if (_static.TryGetValue(instance, out var owner))
                return ReplaceStatic(_members[owner], request, id);
            return _members.Count + _promised.Count >= maxMembers ? Refuse(request, ErrorCode.GroupMaxSizeReached) : AddAndJoin(request, id);
        }

        if (_members.Count + _promised.Count >= maxMembers)
            return Refuse(request, ErrorCode.GroupMaxSizeReached);
        if (!request.NeedsKnownId)
            return AddAndJoin(request, id);
        _promised[id] = time.GetUtcNow() + request.SessionTimeout;
        return Task.FromResult(new JoinResult(ErrorCode.MemberIdRequired, id));
    }

    /// <summary>A static member is back after a restart: it takes over its own assignment, without a rebalance where nothing changed.</summary>
    private Task<JoinResult> ReplaceStatic(GroupMember old, JoinRequest request, string id)
    {
        var oldLeader = Leader;
        var member = new GroupMember(id, request.InstanceId) { Assignment = old.Assignment };
        var unchanged = old.HasSameProtocols(request.Protocols);
        old.Joining?.TrySetResult(new JoinResult(ErrorCode.FencedInstanceId, old.Id));
        old.Syncing?.TrySetResult(new SyncResult(ErrorCode.FencedInstanceId, []));
        _members.Remove(old.Id);
        Add(member);
        Update(member, request);
        if (oldLeader == old.Id)
            Leader = id;

        if (State != GroupState.Stable || !unchanged)
            return JoinAgain(member, request);

        if (Persist(this) is var error && error != ErrorCode.None)
            return Refuse(request, error);
        if (oldLeader == old.Id && request.CanSkipAssignment)
            return Task.FromResult(Joined(member) with { SkipAssignment = true });

        // To older clients the old id is named as the leader, so that they do not assign anything to a group that is stable.
        return Task.FromResult(Joined(member) with { Leader = oldLeader ?? "", Members = [] });
    }

    private Task<JoinResult> AddAndJoin(JoinRequest request, string id)
    {
        var member = new GroupMember(id, request.InstanceId);
        Consumers = null;
        Add(member);
        if (_members.Count == 1 || ProtocolType is null)
            ProtocolType = request.ProtocolType;
        Leader ??= id;
        return JoinAgain(member, request);
    }

    private Task<JoinResult> JoinAgain(GroupMember member, JoinRequest request)
    {
        Update(member, request);
        member.Joining?.TrySetResult(new JoinResult(ErrorCode.RebalanceInProgress, member.Id));
        var joining = member.Joining = new TaskCompletionSource<JoinResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        if (State != GroupState.PreparingRebalance)
            PrepareRebalance();
        TryCompleteJoin();
        return joining.Task;
    }

    private void Update(GroupMember member, JoinRequest request)
    {
        member.ClientId = request.ClientId;
        member.ClientHost = request.ClientHost;
        member.SessionTimeout = request.SessionTimeout;
        member.RebalanceTimeout = request.RebalanceTimeout;
        member.Protocols = request.Protocols;
        Touch(member);
    }

    private void PrepareRebalance()
    {
        foreach (var member in _members.Values)
        {
            member.Syncing?.TrySetResult(new SyncResult(ErrorCode.RebalanceInProgress, []));
            member.Syncing = null;
        }

        State = GroupState.PreparingRebalance;
        _joinEnd = time.GetUtcNow() + RebalanceTimeout();
    }

    private void TryCompleteJoin()
    {
        if (State == GroupState.PreparingRebalance && _promised.Count == 0 && _members.Values.All(m => m.Joining is not null))
            CompleteJoin();
    }

    private void CompleteJoin()
    {
        Generation++;
        if (_members.Count == 0)
        {
            State = GroupState.Empty;
            EmptySince = time.GetUtcNow().ToUnixTimeMilliseconds();
            Protocol = null;
            Leader = null;
            Persist(this);
            return;
        }

        if (Leader is null || _members[Leader].Joining is null)
            Leader = _members.Values.First(m => m.Joining is not null).Id;
        Protocol = Vote();
        State = GroupState.CompletingRebalance;
        foreach (var member in _members.Values)
        {
            Touch(member);
            member.Joining?.TrySetResult(Joined(member));
            member.Joining = null;
        }
    }

    /// <summary>Each member votes for the first of its strategies that all know; most votes win.</summary>
    private string Vote()
    {
        var known = _members.Values.First().Protocols.Select(p => p.Name)
            .Where(name => _members.Values.All(m => m.Protocols.Any(p => p.Name == name))).ToHashSet();
        return _members.Values.Select(m => m.Protocols.First(p => known.Contains(p.Name)).Name)
            .GroupBy(name => name).OrderByDescending(votes => votes.Count()).First().Key;
    }

    private void FinishSync(IReadOnlyDictionary<string, byte[]> assignments)
    {
        foreach (var member in _members.Values)
            member.Assignment = assignments.GetValueOrDefault(member.Id) ?? [];

        var error = Persist(this);
        if (error == ErrorCode.None)
            State = GroupState.Stable;
        foreach (var member in _members.Values)
        {
            Touch(member);
            member.Syncing?.TrySetResult(error == ErrorCode.None ? Synced(member) : new SyncResult(error, []));
            member.Syncing = null;
        }

        if (error != ErrorCode.None)
            PrepareRebalance();
    }

    private JoinResult Joined(GroupMember member) => new(ErrorCode.None, member.Id, Generation, ProtocolType, Protocol, Leader ?? "")
    {
        Members = member.Id == Leader ? [.. _members.Values.Select(m => (m.Id, m.InstanceId, m.MetadataFor(Protocol)))] : [],
    };

    private SyncResult Synced(GroupMember member) => new(ErrorCode.None, member.Assignment, ProtocolType, Protocol);
}
