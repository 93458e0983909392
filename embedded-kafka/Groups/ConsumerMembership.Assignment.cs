using Kappa.Iot.Embedded.Protocol;
using Kappa.Iot.Embedded.Topics;

namespace Kappa.Iot.Embedded.Groups;

internal sealed partial class ConsumerMembership
{
    /// <summary>All of them are compared with all topics whenever a topic comes or goes.</summary>
    private const int MaxRegexes = 20;

    /// <summary>The topics that somebody subscribes to, and how many partitions each has.</summary>
    private Dictionary<Guid, int> _partitions = [];
    private long _topicsVersion = -1;

    /// <returns>What a member subscribes to once this request is heard, or why it cannot.</returns>
    private (ConsumerTopics Topics, ConsumerHeartbeatResult? Error) Subscription(ConsumerHeartbeat request, ConsumerMember? member)
    {
        var before = member?.Topics ?? ConsumerTopics.None;
        var wanted = new ConsumerTopics(
            request.Topics is null ? before.Names : [.. request.Topics.Distinct().Order(StringComparer.Ordinal)],
            request.Regex is null ? before.Regex : request.Regex.Length == 0 ? null : request.Regex);
        if (wanted.IsSame(before))
            return (before, null);

        // Members that subscribe to the same share it.
        if (_members.Values.FirstOrDefault(m => m.Topics.IsSame(wanted)) is { } other)
            return (other.Topics, null);
        if (wanted.Regex is not null && _members.Values.Where(m => m != member).Select(m => m.Topics.Regex).OfType<string>().Append(wanted.Regex).Distinct().Count() > MaxRegexes)
            return (before, new(ErrorCode.GroupMaxSizeReached, $"The members of the group have more than {MaxRegexes} different regular expressions."));
        try
        {
            wanted.Resolve(topics);
            return (wanted, null);
        }
        catch (Exception e) when (e is ArgumentException or TimeoutException)
        {
            return (before, new(ErrorCode.InvalidRegularExpression, $"The regular expression '{wanted.Regex}' cannot be used: {e.Message}"));
        }
    }

    private void Update(ConsumerMember member, ConsumerHeartbeat request, ConsumerTopics subscription)
    {
        var (rack, rebalance, assignor) = (request.RackId ?? member.RackId, request.RebalanceTimeout ?? member.RebalanceTimeout, request.Assignor ?? member.Assignor);
        if (!ReferenceEquals(subscription, member.Topics) || assignor != member.Assignor)
        {
            // The topics it finds may be newer than those that the group has seen.
            _topicsVersion = -1;
            Bump();
        }
        else if ((rack, rebalance, request.ClientId, request.ClientHost) == (member.RackId, member.RebalanceTimeout, member.ClientId, member.ClientHost))
        {
            return;
        }

        (member.Topics, member.Assignor, member.RackId, member.RebalanceTimeout) = (subscription, assignor, rack, rebalance);
        (member.ClientId, member.ClientHost) = (request.ClientId, request.ClientHost);
        _unwritten.Add(member.Id);
    }

    /// <summary>Works out who is to have what, if members, subscriptions or topics have changed since it was last done.</summary>
    private ConsumerHeartbeatResult? Assign()
    {
        if (_topicsVersion != topics.Version)
            ReadTopics();
        if (Epoch == AssignmentEpoch)
            return null;
        var growth = PartitionSize * (_partitions.Values.Sum(c => (long)c) - _owners.Count);
        if (growth > 0 && !hasRoom(growth))
            return new(ErrorCode.CoordinatorNotAvailable, "There is no memory left for what the group's members would be assigned.");

        foreach (var (member, target) in PartitionAssignor.Assign(Assignor, _members.Values, _partitions))
            member.Target = target;
        AssignmentEpoch = Epoch;
        return null;
    }

    private void ReadTopics()
    {
        _topicsVersion = topics.Version;
        var subscriptions = _members.Values.Select(m => m.Topics).ToHashSet();
        foreach (var subscription in subscriptions)
        {
            try
            {
                subscription.Resolve(topics);
            }
            catch (TimeoutException)
            {
                // It was quick enough when it was new. It keeps the topics it has until the next change.
            }
        }

        var partitions = subscriptions.SelectMany(s => s.Ids).Distinct().Select(topics.Find).OfType<Topic>().ToDictionary(t => t.Id, t => t.Partitions.Count);
        if (partitions.Count == _partitions.Count && partitions.All(p => _partitions.GetValueOrDefault(p.Key) == p.Value))
            return;
        _partitions = partitions;
        Bump();
    }

    /// <summary>Brings a member nearer to what it is to have: first it gives back, then it gets what nobody else has.</summary>
    /// <returns>Whether what it may have has changed.</returns>
    private bool Reconcile(ConsumerMember member, ConsumerHeartbeat request)
    {
        if (request.Owned is { } said)
            member.Owned = [.. said.Where(p => member.Assigned.ContainsKey(p) || member.Revoking.ContainsKey(p))];
        if (member.IsReconciled(AssignmentEpoch))
            return false;
        if (member.Revoking.Count > 0)
        {
            // With the epoch before, it has not heard of it yet: it may still take what it does not have so far.
            if (request.Epoch == member.PreviousEpoch || member.Owned.Overlaps(member.Revoking.Keys))
                return false;
            Release(member, member.Revoking.Keys);
            member.Revoking = [];
            _unwritten.Add(member.Id);
        }

        var surplus = member.Assigned.Where(p => !member.Target.Contains(p.Key)).ToDictionary();
        foreach (var partition in surplus.Keys)
            member.Assigned.Remove(partition);
        if (surplus.Count > 0 && request.Epoch != ConsumerHeartbeat.Join)
        {
            member.Revoking = surplus;
            member.RevokeEnd = time.GetUtcNow() + member.RebalanceTimeout;
            (member.PreviousEpoch, member.Epoch) = (member.Epoch, AssignmentEpoch);
            _unwritten.Add(member.Id);
            return true;
        }

        // One that has just joined has nothing yet.
        Release(member, surplus.Keys);
        var free = member.Target.Where(p => !member.Assigned.ContainsKey(p) && _owners.TryAdd(p, member)).ToList();
        foreach (var partition in free)
            member.Assigned.Add(partition, AssignmentEpoch);
        if (member.Epoch != AssignmentEpoch)
            (member.PreviousEpoch, member.Epoch) = (member.Epoch, AssignmentEpoch);
        else if (free.Count == 0)
            return surplus.Count > 0;
        _unwritten.Add(member.Id);
        return surplus.Count > 0 || free.Count > 0;
    }
}
