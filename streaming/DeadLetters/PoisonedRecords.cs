using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace Kappa.Iot.Streaming;

/// <summary>Puts records aside that a group's processors cannot take, and says so.</summary>
internal sealed class PoisonedRecords(TransactionalConsumerOptions options, TimeProvider time, ReaderMetrics metrics, ILogger logger)
{
    public const string Reason = "Unprocessable";
    private const int LongestDetail = 2_000;

    /// <summary>Whether there is somewhere to put them.</summary>
    public bool IsOn => options.DeadLetterTopic is not null;

    public PartitionPoison Of() => new(this, new PoisonSearch(tries: 3, options.DeadLettersInARow), time);

    public void Write(ConsumeResult<byte[], byte[]> record, Exception failure, TransactionOutput output) =>
        output.Add(new TopicPartition(options.DeadLetterTopic!, Partition.Any), DeadLetter.Of(record, Reason, Detail(failure), time.GetUtcNow()));

    /// <summary>It is written, and its offset committed.</summary>
    public void Tell(ConsumeResult<byte[], byte[]> record, Exception failure)
    {
        var (position, detail) = (DeadLetter.PositionOf(record), Detail(failure));
        logger.PutAside(options.GroupId, position, options.DeadLetterTopic!, detail);
        metrics.PutAside();
    }

    /// <summary>So many were put aside in a row that it is rather the processor that is at fault.</summary>
    public void HoldBack(ConsumeResult<byte[], byte[]> record, Exception failure)
    {
        var (position, detail) = (DeadLetter.PositionOf(record), Detail(failure));
        logger.HeldBack(options.GroupId, position, options.DeadLettersInARow, detail);
    }

    private static string Detail(Exception failure)
    {
        var detail = $"{failure.GetType().FullName}: {failure.Message}";
        return detail.Length <= LongestDetail ? detail : detail[..LongestDetail]; // the letter must not be too large for the log
    }
}
