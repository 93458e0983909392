using Confluent.Kafka;

namespace Kappa.Iot.Streaming;

/// <summary>What turns the records of one partition into output. It owns state of any kind; it is never called by two threads at once.</summary>
public interface IPartitionProcessor
{
    /// <summary>Takes the next records of the partition, in the log's order, and adds what is to be written in the same transaction as their offsets.</summary>
    /// <remarks>An exception aborts the transaction; the processor is thrown away, restored anew by its factory and gets the records again.</remarks>
    void Process(IReadOnlyList<ConsumeResult<byte[], byte[]>> records, TransactionOutput output);

    /// <summary>Called after the transaction of the last <see cref="Process"/> was committed: the place to count what was done.</summary>
    void OnCommitted() { }

    /// <summary>Called when the partition is given up in good order, after everything before it was committed: what is added is written in a transaction without records, so that whoever goes on has less to restore.</summary>
    void Drain(TransactionOutput output) { }

    /// <summary>Called when it is thrown away: the partition is somebody else's, or it is restored anew after an aborted transaction. Nothing else is called after it; what it began beside may stop.</summary>
    void Left() { }
}
