using Kappa.Iot.Embedded.Topics;

namespace Kappa.Iot.Embedded.Groups;

/// <summary>What a record of the offsets topic is about.</summary>
internal readonly record struct GroupRecordKey(GroupRecordKind Kind, string Group, string Member = "", TopicPartition? Partition = null);
