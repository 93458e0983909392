using Confluent.Kafka;

namespace Kappa.Iot.Streaming.Tests.Fakes;

/// <summary>What a <see cref="FakeLog"/> can be told to fail at.</summary>
internal enum Step { Read, Commit, Close, BeginTransaction, CommitTransaction, AbortTransaction, QueryEnd }

/// <summary>How the client says what went wrong.</summary>
internal static class Failure
{
    public static KafkaException Retriable { get; } = new KafkaRetriableException(new Error(ErrorCode.Local_TimedOut, "No answer yet."));

    public static KafkaException Abortable { get; } = new KafkaTxnRequiresAbortException(new Error(ErrorCode.Local_MsgTimedOut, "A record could not be written."));

    public static KafkaException Fenced { get; } = new(new Error(ErrorCode.Local_Fenced, "Another producer has this name.", isFatal: true));

    public static KafkaException Away { get; } = new(new Error(ErrorCode.Local_AllBrokersDown, "Nobody is there."));

    public static ConsumeException ReaderBroken { get; } =
        new(new ConsumeResult<byte[], byte[]> { TopicPartitionOffset = new TopicPartitionOffset(FakeLog.Input, 0, Offset.Unset) }, new Error(ErrorCode.Local_Fatal, "The client is broken.", isFatal: true));
}
