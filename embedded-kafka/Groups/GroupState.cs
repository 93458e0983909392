namespace Kappa.Iot.Embedded.Groups;

/// <summary>Where a group is in its rebalance.</summary>
internal enum GroupState
{
    /// <summary>No members; perhaps committed offsets.</summary>
    Empty,

    /// <summary>Waiting for all members to join.</summary>
    PreparingRebalance,

    /// <summary>All have joined; the leader is working out who gets what.</summary>
    CompletingRebalance,

    /// <summary>Every member has its assignment.</summary>
    Stable,

    /// <summary>Removed; whoever still holds the object looks the group up again.</summary>
    Dead,
}
