using Confluent.Kafka;

namespace Kappa.Iot.Twins;

/// <summary>What became of some updates.</summary>
/// <param name="Updates">How many there were.</param>
/// <param name="Vehicles">Of how many vehicles.</param>
/// <param name="Stale">How many updates changed nothing, because what they say was known or older than what was known.</param>
/// <param name="Lost">Partitions whose progress the store does not have any more: it was wiped, and must be filled again from the log.</param>
public sealed record TwinWrite(int Updates, int Vehicles, int Stale, IReadOnlyList<TopicPartition> Lost);
