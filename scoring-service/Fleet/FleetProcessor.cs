using System.Text;
using Confluent.Kafka;
using Google.Protobuf;
using Kappa.Iot.Contracts;
using Kappa.Iot.Detection;
using Kappa.Iot.Streaming;

namespace Kappa.Iot.ScoringService;

/// <summary>The fleet's minutes in, the fleet's alerts out.</summary>
internal sealed class FleetProcessor(FleetFold fold, ScoringTopics topics, ScoringMetrics metrics, ILogger logger) : IPartitionProcessor
{
    private readonly List<FleetAlert> _changed = [];

    public void Process(IReadOnlyList<ConsumeResult<byte[], byte[]>> records, TransactionOutput output)
    {
        foreach (var record in records) _changed.AddRange(Take(fold, record, logger));
        foreach (var alert in _changed)
            output.Add(new TopicPartition(topics.FleetAlerts, 0), new Message<byte[], byte[]> { Key = Encoding.ASCII.GetBytes(alert.AlertId), Value = alert.ToByteArray() });
    }

    public void OnCommitted()
    {
        foreach (var alert in _changed)
        {
            metrics.Count(alert);
            logger.FleetAlertChanged(alert.Measure, alert.Dimension, alert.Value, alert.Status, alert.Observed, alert.Expected);
        }

        _changed.Clear();
    }

    public static IReadOnlyList<FleetAlert> Take(FleetFold fold, ConsumeResult<byte[], byte[]> record, ILogger logger)
    {
        try
        {
            return fold.Take(FleetMinute.Parser.ParseFrom(record.Message.Value ?? []), record.Message.Timestamp.UnixTimestampMs);
        }
        catch (InvalidProtocolBufferException e)
        {
            logger.MinuteUnreadable(e, record.TopicPartitionOffset);
            return [];
        }
    }
}
