using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Kappa.Iot.Contracts;
using Microsoft.Extensions.Options;

namespace Kappa.Iot.DigitalTwinSink;

/// <summary>
/// Where to begin in a partition: where the store itself says it stands, not where the group's commits say. A store that knows nothing of a
/// partition is new or was wiped, and is filled from the partition's beginning.
/// </summary>
internal sealed class StartPositions(StoreAccess store, IOptions<KafkaOptions> kafka, SinkMetrics metrics, ILogger<StartPositions> logger)
{
    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(10);

    /// <summary>Why nothing is being read; null where there is no reason.</summary>
    public string? Blocked { get; private set; }

    /// <summary>Waits for store and log as long as it takes.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public async Task<IReadOnlyDictionary<TopicPartition, long>> FindAsync(IReadOnlyList<TopicPartition> partitions, CancellationToken cancel)
    {
        while (true)
        {
            var known = await store.WaitForAsync(twins => twins.FindProgressAsync(partitions, cancel), cancel);
            Blocked = await AheadOfLogAsync(known);
            if (Blocked is null) return await BeginAsync(partitions, known, cancel);

            logger.CannotStart(Blocked);
            await Task.Delay(AskAgainAfter, cancel);
        }
    }

    private async Task<IReadOnlyDictionary<TopicPartition, long>> BeginAsync(
        IReadOnlyList<TopicPartition> partitions, IReadOnlyDictionary<TopicPartition, long> known, CancellationToken cancel)
    {
        var unknown = partitions.Where(partition => !known.ContainsKey(partition)).ToList();
        if (unknown.Count > 0)
        {
            await store.WaitForAsync(twins => twins.StartProgressAsync(unknown, cancel), cancel);
            metrics.Rebuilding(unknown.Count);
            logger.Rebuilding(unknown.Count);
        }

        return partitions.ToDictionary(partition => partition, partition => known.GetValueOrDefault(partition));
    }

    /// <summary>
    /// A store that has read further than the log goes was filled from another log. Reading on would mix the two: alerts are told apart by their
    /// offsets.
    /// </summary>
    private async Task<string?> AheadOfLogAsync(IReadOnlyDictionary<TopicPartition, long> known)
    {
        var read = known.Where(partition => partition.Value > 0).ToList();
        if (read.Count == 0) return null;
        try
        {
            using var admin = new AdminClientBuilder(kafka.Value.ToClientConfig("digital-twin-sink")).SetLogHandler((_, _) => { }).Build();
            var ends = await admin.ListOffsetsAsync(
                read.Select(p => new TopicPartitionOffsetSpec { TopicPartition = p.Key, OffsetSpec = OffsetSpec.Latest() }),
                new ListOffsetsOptions { RequestTimeout = AnswerWithin });
            foreach (var end in ends.ResultInfos.Select(info => info.TopicPartitionOffsetError))
            {
                if (known[end.TopicPartition] > end.Offset)
                    return $"The twin store has read {end.Topic}/{end.Partition.Value} up to offset {known[end.TopicPartition]}, but the log at {kafka.Value.BootstrapServers} ends at {end.Offset.Value}: "
                        + "the store was filled from another log. Point Kafka:BootstrapServers to that log, or Twins:ConnectionString to another store, or wipe the store: it will be filled anew.";
            }

            return null;
        }
        catch (KafkaException e)
        {
            return $"The log at {kafka.Value.BootstrapServers} does not say where its partitions end: {e.Error.Reason}";
        }
    }
}
