namespace Kappa.Iot.Embedded.Topics;

/// <summary>A partition of a topic by its id: one that is made anew under the same name is another.</summary>
internal readonly record struct TopicIdPartition(Guid Topic, int Partition);
