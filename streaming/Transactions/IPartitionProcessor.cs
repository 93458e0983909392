using Confluent.Kafka;

namespace Kappa.Iot.Streaming;

/// <summary>What turns the records of one partition into output. It owns state of any kind; it is never called by two threads at once.</summary>
public interface IPartitionProcessor
{
    /// <summary>Whether it has something to write, or to go on with, though no record came. Asked between two transactions.</summary>
    /// <remarks>Asked every <see cref="TransactionalConsumerOptions.MaxWait"/> at the least, while it is not restored anew and has something left to read
    /// or to wait for; it answers at once, does not throw, and says so again after a restore where what it had to write was not written.</remarks>
    bool HasWork => false;

    /// <summary>Takes the next records of the partition, in the log's order, and adds what is to be written in the same transaction as their offsets.</summary>
    /// <param name="records">Empty where no record came and <see cref="HasWork"/> said that there is something to do: what is added is written, the committed offset stays.</param>
    /// <param name="output">Takes what is to be written.</param>
    /// <remarks>
    /// An exception aborts the transaction; the processor is thrown away, restored anew by its factory and gets the records again. Where there is a
    /// <see cref="TransactionalConsumerOptions.DeadLetterTopic"/> it gets fewer of them each time, until one record is found that it fails at again
    /// and again: that one is put aside. A <see cref="KafkaException"/> or an <see cref="OperationCanceledException"/>, also within another exception,
    /// says that it is not the records' fault: they are tried for ever.
    /// </remarks>
    void Process(IReadOnlyList<ConsumeResult<byte[], byte[]>> records, TransactionOutput output);

    /// <summary>Called instead of <see cref="Process"/> where a record is put aside that it could not process: it goes on with what comes after it.</summary>
    /// <param name="record">What is written to the dead letters, in the same transaction as what is added and the offset after it.</param>
    /// <param name="output">Takes what is to be written. Who reads records again to restore itself notes here that this one is to be passed over.</param>
    void Skip(ConsumeResult<byte[], byte[]> record, TransactionOutput output) { }

    /// <summary>Called after the transaction of the last <see cref="Process"/> was committed: the place to count what was done.</summary>
    void OnCommitted() { }

    /// <summary>Called when the partition is given up in good order, after everything before it was committed: what is added is written in a transaction without records, so that whoever goes on has less to restore.</summary>
    void Drain(TransactionOutput output) { }

    /// <summary>Called when it is thrown away: the partition is somebody else's, or it is restored anew after an aborted transaction. Nothing else is called after it; what it began beside may stop.</summary>
    void Left() { }
}
