using Confluent.Kafka;
using Kappa.Iot.Contracts;
using Kappa.Iot.Detection;
using Kappa.Iot.Streaming;

namespace Kappa.Iot.ScoringService;

/// <summary>Rebuilds the fleet's fold from the minutes that are kept.</summary>
internal sealed class FleetProcessors(KafkaOptions kafka, ScoringTopics topics, ScoringMetrics metrics, ILogger logger) : IPartitionProcessorFactory
{
    public async Task<IReadOnlyDictionary<TopicPartition, IPartitionProcessor>> RestoreAsync(IReadOnlyDictionary<TopicPartition, long> next, CancellationToken cancel)
    {
        var processors = new Dictionary<TopicPartition, IPartitionProcessor>();
        foreach (var (partition, offset) in next)
        {
            var fold = new FleetFold();
            await new LogReader(kafka, "scoring-service-fleet", logger).ReadAsync([new LogRange(partition, 0, offset)], (records, _) =>
            {
                foreach (var record in records) FleetProcessor.Take(fold, record, logger);
                return ValueTask.CompletedTask;
            }, cancel);
            processors.Add(partition, new FleetProcessor(fold, topics, metrics, logger));
        }

        return processors;
    }
}
