using Confluent.Kafka;
using Kappa.Iot.Contracts;
using Microsoft.Extensions.Logging;

namespace Kappa.Iot.Streaming;

/// <summary>A transactional producer with the protocol's rules: what may be tried again is, what cannot go on is made anew.</summary>
internal sealed class TransactionWriter(LogClients clients, KafkaOptions kafka, TransactionalConsumerOptions options, TimeProvider time, ILogger logger) : IDisposable
{
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(5);
    private IProducer<byte[], byte[]>? _producer;
    private bool _open;

    /// <summary>Starts a transaction; where the producer is new, ends what an earlier process of this name left open.</summary>
    public void Begin(CancellationToken cancel)
    {
        if (_producer is null)
        {
            var producer = clients.Producer(options.ProducerConfig(kafka)).LogTo(logger).Build();
            try
            {
                Retry(() => producer.InitTransactions(AnswerWithin), cancel);
            }
            catch
            {
                producer.Dispose();
                throw;
            }

            _producer = producer;
        }

        _open = true; // also where it fails: a producer that cannot begin one is aborted, and so replaced
        _producer.BeginTransaction();
    }

    /// <summary>Makes a producer ready before there is anything to write, so that a dead process's transaction blocks nobody.</summary>
    public void Prepare(CancellationToken cancel)
    {
        Begin(cancel);
        Abort(cancel);
    }

    public void Write(TransactionOutput output)
    {
        foreach (var (to, message) in output.Records)
        {
            while (true)
            {
                try
                {
                    _producer!.Produce(to, message);
                    break;
                }
                catch (ProduceException<byte[], byte[]> e) when (e.Error.Code == ErrorCode.Local_QueueFull)
                {
                    _producer!.Poll(TimeSpan.FromMilliseconds(10));
                }
            }
        }
    }

    /// <exception cref="KafkaException">The transaction must be aborted.</exception>
    public void Commit(IEnumerable<TopicPartitionOffset> offsets, IConsumerGroupMetadata group, CancellationToken cancel)
    {
        Retry(() => _producer!.SendOffsetsToTransaction(offsets, group, AnswerWithin), cancel);
        Retry(() => _producer!.CommitTransaction(AnswerWithin), cancel);
        _open = false;
    }

    /// <summary>Gives up the open transaction, if there is one. Where even that fails, the next <see cref="Begin"/> does it with a new producer.</summary>
    public void Abort(CancellationToken cancel)
    {
        if (!_open) return;
        _open = false;
        try
        {
            Retry(() => _producer!.AbortTransaction(AnswerWithin), cancel);
        }
        catch (Exception e) when (e is KafkaException or OperationCanceledException or InvalidOperationException)
        {
            if (!cancel.IsCancellationRequested) logger.ProducerReplaced(options.GroupId, options.Instance, e.Message);
            Discard();
        }
    }

    public void Dispose() => Discard();

    private void Discard()
    {
        _producer?.Dispose();
        _producer = null;
        _open = false;
    }

    private void Retry(Action call, CancellationToken cancel)
    {
        var backoff = new Backoff(time);
        while (true)
        {
            cancel.ThrowIfCancellationRequested();
            try
            {
                call();
                return;
            }
            catch (KafkaRetriableException e)
            {
                logger.TransactionWaits(options.GroupId, e.Error.Code, e.Error.Reason);
                backoff.Wait(cancel);
            }
        }
    }
}
