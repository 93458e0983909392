namespace Kappa.Iot.Embedded.Groups;

/// <summary>One consumer of a group.</summary>
internal sealed class GroupMember(string id, string? instanceId)
{
    public string Id { get; } = id;

    /// <summary>Set for a static member, which may come back under this name without a rebalance.</summary>
    public string? InstanceId { get; } = instanceId;

    public string ClientId { get; set; } = "";

    public string ClientHost { get; set; } = "";

    public TimeSpan SessionTimeout { get; set; }

    public TimeSpan RebalanceTimeout { get; set; }

    /// <summary>The assignment strategies that it knows, best first, with what it subscribes to.</summary>
    public IReadOnlyList<GroupProtocol> Protocols { get; set; } = [];

    public byte[] Assignment { get; set; } = [];

    public DateTimeOffset SessionEnd { get; set; }

    /// <summary>Set while it waits for the others to join.</summary>
    public TaskCompletionSource<JoinResult>? Joining { get; set; }

    /// <summary>Set while it waits for the leader's assignment.</summary>
    public TaskCompletionSource<SyncResult>? Syncing { get; set; }

    public long Size => 1024 + 2L * (Id.Length + ClientId.Length) + Assignment.Length + GroupProtocol.SizeOf(Protocols);

    public byte[] MetadataFor(string? protocol) => Protocols.FirstOrDefault(p => p.Name == protocol)?.Metadata ?? [];

    public bool HasSameProtocols(IReadOnlyList<GroupProtocol> other) =>
        Protocols.Count == other.Count && Protocols.Zip(other).All(p => p.First.Name == p.Second.Name && p.First.Metadata.AsSpan().SequenceEqual(p.Second.Metadata));
}
