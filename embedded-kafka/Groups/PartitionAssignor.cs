using Kappa.Iot.Embedded.Topics;

namespace Kappa.Iot.Embedded.Groups;

/// <summary>Works out who is to have which partitions. No clock, no chance: the same question has the same answer.</summary>
internal static class PartitionAssignor
{
    public const string Uniform = "uniform", Range = "range";

    public static IReadOnlyList<string> Names { get; } = [Uniform, Range];

    /// <param name="partitions">How many partitions each topic has.</param>
    /// <returns>Every partition that somebody subscribes to, with its member.</returns>
    public static Dictionary<ConsumerMember, HashSet<TopicIdPartition>> Assign(
        string assignor, IReadOnlyCollection<ConsumerMember> members, IReadOnlyDictionary<Guid, int> partitions)
    {
        var sorted = members.OrderBy(m => m.InstanceId ?? m.Id, StringComparer.Ordinal).ToList();
        return assignor == Range ? AssignRanges(sorted, partitions) : new UniformAssignment(sorted, partitions).Assign();
    }

    /// <summary>Of each topic its members get neighbouring partitions, in the order of their names.</summary>
    private static Dictionary<ConsumerMember, HashSet<TopicIdPartition>> AssignRanges(List<ConsumerMember> members, IReadOnlyDictionary<Guid, int> partitions)
    {
        var targets = members.ToDictionary(m => m, _ => new HashSet<TopicIdPartition>());
        foreach (var (topic, count) in partitions)
        {
            var readers = members.Where(m => m.Topics.Ids.Contains(topic)).ToList();
            for (int i = 0, next = 0; i < readers.Count; i++)
            {
                for (var share = count / readers.Count + (i < count % readers.Count ? 1 : 0); share > 0; share--)
                    targets[readers[i]].Add(new TopicIdPartition(topic, next++));
            }
        }

        return targets;
    }

    /// <summary>As many partitions for each as the subscriptions allow; whoever has one keeps it unless that would leave another short.</summary>
    private sealed class UniformAssignment
    {
        private readonly IReadOnlyList<ConsumerMember> _members;
        private readonly IReadOnlyDictionary<Guid, int> _partitions;
        private readonly Dictionary<ConsumerMember, HashSet<TopicIdPartition>> _targets;
        private readonly SortedSet<(int Load, int Member)> _byLoad = [];

        public UniformAssignment(List<ConsumerMember> members, IReadOnlyDictionary<Guid, int> partitions)
        {
            (_members, _partitions) = (members, partitions);
            _targets = members.ToDictionary(
                m => m, m => m.Target.Where(p => m.Topics.Ids.Contains(p.Topic) && p.Partition < partitions.GetValueOrDefault(p.Topic)).ToHashSet());
            for (var i = 0; i < members.Count; i++)
                _byLoad.Add((_targets[members[i]].Count, i));
        }

        public Dictionary<ConsumerMember, HashSet<TopicIdPartition>> Assign()
        {
            var taken = _targets.Values.SelectMany(t => t).ToHashSet();
            foreach (var (topic, count) in _partitions.OrderBy(p => p.Key))
            {
                for (var i = 0; i < count; i++)
                {
                    if (!taken.Contains(new(topic, i)) && LeastLoaded(topic, int.MaxValue) is { } member)
                        Give(new(topic, i), member);
                }
            }

            while (Balance())
            {
                // What one gave away may let a third one give.
            }

            return _targets;
        }

        /// <summary>From those with most to those with least, as long as there are two between them.</summary>
        private bool Balance()
        {
            var moved = false;
            foreach (var (_, giver) in _byLoad.Reverse().ToList())
            {
                var target = _targets[_members[giver]];
                foreach (var topic in target.GroupBy(p => p.Topic).ToList())
                {
                    foreach (var partition in topic.OrderByDescending(p => p.Partition))
                    {
                        if (LeastLoaded(topic.Key, target.Count - 1) is not { } member)
                            break;
                        _byLoad.Remove((target.Count, giver));
                        target.Remove(partition);
                        _byLoad.Add((target.Count, giver));
                        Give(partition, member);
                        moved = true;
                    }
                }
            }

            return moved;
        }

        /// <returns>The reader of the topic with fewest partitions, if it has less than so many.</returns>
        private int? LeastLoaded(Guid topic, int below)
        {
            foreach (var (load, member) in _byLoad)
            {
                if (load >= below)
                    return null;
                if (_members[member].Topics.Ids.Contains(topic))
                    return member;
            }

            return null;
        }

        private void Give(TopicIdPartition partition, int member)
        {
            var target = _targets[_members[member]];
            _byLoad.Remove((target.Count, member));
            target.Add(partition);
            _byLoad.Add((target.Count, member));
        }
    }
}
