using Confluent.Kafka;
using Kappa.Iot.Contracts;

namespace Kappa.Iot.Streaming;

/// <summary>How the clients of a <see cref="TransactionalConsumer"/> are set.</summary>
internal static class TransactionalClients
{
    public static ConsumerConfig ConsumerConfig(this TransactionalConsumerOptions options, KafkaOptions kafka) => new(kafka.ToClientConfig($"{options.GroupId}-{options.Instance}"))
    {
        GroupId = options.GroupId,
        EnableAutoCommit = false,
        EnableAutoOffsetStore = false,
        AutoOffsetReset = options.Start,
        EnablePartitionEof = true, // the end of bounds, and of what there is to do, may be a transaction's mark, which is no record
        IsolationLevel = IsolationLevel.ReadCommitted,
        PartitionAssignmentStrategy = PartitionAssignmentStrategy.CooperativeSticky,
        SessionTimeoutMs = (int)options.SessionTimeout.TotalMilliseconds,
        HeartbeatIntervalMs = (int)options.SessionTimeout.TotalMilliseconds / 4,
        MaxPollIntervalMs = Math.Max(60_000, (int)options.SessionTimeout.TotalMilliseconds),
        QueuedMaxMessagesKbytes = 64 * 1024,
        FetchQueueBackoffMs = 5, // the client stops asking for a second by default whenever enough records wait in it
        FetchWaitMaxMs = 100,
        ConsumeResultFields = "topic,timestamp", // headers are not used and cost time
    };

    public static ProducerConfig ProducerConfig(this TransactionalConsumerOptions options, KafkaOptions kafka) => new(kafka.ToClientConfig($"{options.GroupId}-{options.Instance}"))
    {
        TransactionalId = $"{options.GroupId}-{options.Instance}",
        TransactionTimeoutMs = (int)options.TransactionTimeout.TotalMilliseconds,
        MessageTimeoutMs = (int)options.TransactionTimeout.TotalMilliseconds,
        EnableIdempotence = true,
        Acks = Acks.All,
        EnableDeliveryReports = false, // a record that cannot be written fails the commit
        Partitioner = Partitioner.Murmur2Random,
        CompressionType = CompressionType.Lz4,
        LingerMs = 5,
        QueueBufferingMaxMessages = 500_000,
        QueueBufferingMaxKbytes = 128 * 1024,
    };
}
