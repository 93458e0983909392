using Kappa.Iot.Embedded.Log;

namespace Kappa.Iot.Embedded.Topics;

/// <summary>A topic and its partitions. Replaced as a whole when its settings or its number of partitions change.</summary>
/// <param name="Directory">Holds one folder per partition that was ever written to.</param>
internal sealed record Topic(string Name, Guid Id, string Directory, TopicConfig Config, IReadOnlyList<PartitionLog> Partitions)
{
    public bool IsInternal => Name is InternalTopics.Offsets or InternalTopics.Transactions;

    public PartitionLog? Partition(int index) => index >= 0 && index < Partitions.Count ? Partitions[index] : null;
}
