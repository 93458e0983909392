using Confluent.Kafka;

namespace Kappa.Iot.Streaming.Tests.Fakes;

/// <summary>A transactional producer of a <see cref="FakeLog"/>. One that was fenced, or met another fatal error, does nothing any more.</summary>
internal sealed partial class FakeProducer(FakeLog log) : IProducer<byte[], byte[]>
{
    private readonly List<TopicPartitionOffset> _offsets = [];
    private object? _transaction;
    private KafkaException? _broken;
    private int _epoch;

    public void InitTransactions(TimeSpan timeout) => _epoch = log.Fence();

    public void BeginTransaction() => Do(Step.BeginTransaction, () =>
    {
        Assert.Null(_transaction);
        _transaction = new object();
    });

    public void Produce(TopicPartition topicPartition, Message<byte[], byte[]> message, Action<DeliveryReport<byte[], byte[]>>? deliveryHandler = null) =>
        log.Append(topicPartition, System.Text.Encoding.UTF8.GetString(message.Value), _transaction ?? throw NoTransaction, message);

    public void SendOffsetsToTransaction(IEnumerable<TopicPartitionOffset> offsets, IConsumerGroupMetadata groupMetadata, TimeSpan timeout)
    {
        if (((FakeConsumer.Membership)groupMetadata).Generation != log.Generation)
            throw new KafkaTxnRequiresAbortException(new Error(ErrorCode.IllegalGeneration, "The group has gone on."));
        _offsets.Clear();
        _offsets.AddRange(offsets);
    }

    public void CommitTransaction(TimeSpan timeout) => Do(Step.CommitTransaction, () => End(commit: true));

    public void AbortTransaction(TimeSpan timeout) => Do(Step.AbortTransaction, () => End(commit: false));

    public int Poll(TimeSpan timeout) => 0;

    public void Dispose() => _broken = new KafkaException(new Error(ErrorCode.Local_Destroy, "It is disposed.", isFatal: true));

    private static KafkaException NoTransaction => new(new Error(ErrorCode.Local_State, "There is no transaction."));

    private void End(bool commit)
    {
        if (_transaction is null) throw NoTransaction;
        log.End(_transaction, commit);
        if (commit) _offsets.ForEach(log.Commit);
        _offsets.Clear();
        _transaction = null;
    }

    private void Do(Step step, Action action)
    {
        try
        {
            if (_broken is not null) throw _broken;
            if (_epoch != log.Epoch) throw Failure.Fenced;
            log.Try(step);
            action();
            log.Try(step, after: true);
        }
        catch (KafkaException e) when (e.Error.IsFatal)
        {
            _broken = e;
            throw;
        }
    }

    public sealed class Builder(FakeLog log, ProducerConfig config) : ProducerBuilder<byte[], byte[]>(config)
    {
        public override IProducer<byte[], byte[]> Build() => new FakeProducer(log);
    }
}
