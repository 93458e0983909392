using Kappa.Iot.Embedded.Topics;

namespace Kappa.Iot.Embedded.Groups;

/// <summary>One consumer of a group that uses the consumer protocol.</summary>
internal sealed class ConsumerMember(string id, string? instanceId)
{
    public string Id { get; } = id;

    /// <summary>Set for a static member, which may come back under this name to the same partitions.</summary>
    public string? InstanceId { get; } = instanceId;

    public string? RackId { get; set; }

    public string ClientId { get; set; } = "";

    public string ClientHost { get; set; } = "";

    public TimeSpan RebalanceTimeout { get; set; }

    public ConsumerTopics Topics { get; set; } = ConsumerTopics.None;

    /// <summary>The assignor that it would like; null leaves the choice to others.</summary>
    public string? Assignor { get; set; }

    /// <summary>That of the assignment it has; -2 while a static member is away.</summary>
    public int Epoch { get; set; }

    /// <summary>The one before: right as well while the member may not have heard of the new one.</summary>
    public int PreviousEpoch { get; set; }

    /// <summary>What it may have now, and the epoch in which it got each.</summary>
    public Dictionary<TopicIdPartition, int> Assigned { get; set; } = [];

    /// <summary>What it was told to give back, and has not said that it did. Nobody else gets these.</summary>
    public Dictionary<TopicIdPartition, int> Revoking { get; set; } = [];

    /// <summary>What it said last that it has, of both: it says so only when that has changed.</summary>
    public HashSet<TopicIdPartition> Owned { get; set; } = [];

    /// <summary>What it is to have once everybody has given back what is others'.</summary>
    public HashSet<TopicIdPartition> Target { get; set; } = [];

    public DateTimeOffset SessionEnd { get; set; }

    /// <summary>When it must have given back what it is to.</summary>
    public DateTimeOffset RevokeEnd { get; set; }

    /// <summary>Bytes of memory, roughly, beside the topics.</summary>
    public long Size => 1024 + 4L * (Id.Length + ClientId.Length + (InstanceId?.Length ?? 0) + (RackId?.Length ?? 0))
        + ConsumerMembership.PartitionSize * Math.Max(Target.Count, Assigned.Count + Revoking.Count);

    /// <summary>Whether it has exactly what it is to have in an epoch.</summary>
    public bool IsReconciled(int epoch) => Epoch == epoch && Revoking.Count == 0 && Assigned.Count == Target.Count;

    /// <summary>The same member under a new id: a static one that is back.</summary>
    public ConsumerMember As(string id) => new(id, InstanceId)
    {
        RackId = RackId,
        ClientId = ClientId,
        ClientHost = ClientHost,
        RebalanceTimeout = RebalanceTimeout,
        Topics = Topics,
        Assignor = Assignor,
        Assigned = Assigned,
        Target = Target,
    };
}
