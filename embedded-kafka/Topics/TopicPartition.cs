namespace Kappa.Iot.Embedded.Topics;

/// <summary>A partition by name.</summary>
internal readonly record struct TopicPartition(string Topic, int Partition);
