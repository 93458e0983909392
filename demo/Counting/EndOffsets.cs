using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Kappa.Iot.Demo.Counting;

internal static class EndOffsets
{
    public const string ScorerGroup = "scoring-service";

    public const string SinkGroup = "digital-twin-sink";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>The end of each partition of a topic.</summary>
    public static async Task<IReadOnlyList<TopicPartitionOffset>> ReadAsync(IAdminClient admin, string topic)
    {
        var partitions = admin.GetMetadata(topic, Patience).Topics.Single().Partitions;
        var answer = await admin.ListOffsetsAsync(
            partitions.Select(p => new TopicPartitionOffsetSpec { TopicPartition = new TopicPartition(topic, p.PartitionId), OffsetSpec = OffsetSpec.Latest() }),
            new ListOffsetsOptions { RequestTimeout = Patience });
        return [.. answer.ResultInfos.Select(r => new TopicPartitionOffset(r.TopicPartitionOffsetError.TopicPartition, r.TopicPartitionOffsetError.Offset))];
    }

    /// <summary>Records of a topic that a consumer group still has to process.</summary>
    /// <param name="baseline">Where a partition counts from while the group has committed nothing there.</param>
    public static async Task<long> LagAsync(IAdminClient admin, string group, IEnumerable<TopicPartitionOffset> baseline)
    {
        var from = baseline.ToDictionary(b => b.TopicPartition, b => b.Offset.Value);
        var ends = await ReadAsync(admin, from.Keys.First().Topic);
        var committed = await admin.ListConsumerGroupOffsetsAsync(
            [new ConsumerGroupTopicPartitions(group, [.. from.Keys])], new ListConsumerGroupOffsetsOptions { RequestTimeout = Patience });
        var done = committed.Single().Partitions.ToDictionary(p => p.TopicPartition, p => p.Offset.Value);
        return ends.Sum(end => Math.Max(0, end.Offset.Value - Math.Max(from[end.TopicPartition], done.GetValueOrDefault(end.TopicPartition, 0))));
    }
}
