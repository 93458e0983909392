using System.Collections.Concurrent;
using Confluent.Kafka;

namespace Kappa.Iot.Embedded.Tests.Crashes;

/// <summary>A transactional producer: every third transaction is rolled back. Values are <c>transaction.record</c>.</summary>
internal sealed class TransactionalLoad(string address, string topic)
{
    public const int RecordsPerTransaction = 6;

    private readonly ConcurrentDictionary<int, bool> _committed = new();

    /// <summary>How many transactions have a known end.</summary>
    public int Decided => _committed.Count;

    /// <summary>By transaction, whether it was committed; those whose end is unknown are missing.</summary>
    public IReadOnlyDictionary<int, bool> Snapshot() => new Dictionary<int, bool>(_committed);

    public void Run(CancellationToken stop)
    {
        var number = 0;
        while (!stop.IsCancellationRequested)
        {
            using var producer = Clients.Producer(address, "transactional-load", _ => { });
            try
            {
                producer.InitTransactions(Clients.Patience);
                while (!stop.IsCancellationRequested)
                    Transact(producer, number++);
            }
            catch (KafkaException)
            {
                // What became of this transaction is unknown: all of it or nothing. The next producer rolls back what is open.
            }
        }
    }

    private void Transact(IProducer<Null, string> producer, int number)
    {
        producer.BeginTransaction();
        for (var i = 0; i < RecordsPerTransaction; i++)
            producer.Produce(new TopicPartition(topic, i % 2), Clients.Message($"{number}.{i}"));
        if (number % 3 == 0)
        {
            producer.Flush(TimeSpan.FromSeconds(5));

            // It is never committed from here on, whether the call succeeds or not.
            _committed[number] = false;
            producer.AbortTransaction(Clients.Patience);
        }
        else
        {
            producer.CommitTransaction(Clients.Patience);
            _committed[number] = true;
        }

        Thread.Sleep(20);
    }
}
