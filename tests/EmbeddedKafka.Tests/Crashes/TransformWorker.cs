using System.Collections.Concurrent;
using Confluent.Kafka;

namespace Kappa.Iot.Embedded.Tests.Crashes;

/// <summary>
/// Consume, transform, produce, in one transaction with the offsets: every input record leads to one output record, whose value is
/// <c>transaction|count of the transaction|partition of the input|offset of the input|input</c>. Every fourth transaction is rolled back.
/// </summary>
/// <param name="name">Of its group and of its transactions.</param>
/// <param name="hold">For so long every transaction stays open before its end.</param>
internal sealed class TransformWorker(string address, string name, string input, string output, TimeSpan hold)
{
    private const int MaxRecords = 200;

    private int _commits;
    private int _idle;

    /// <summary>Transactions that were rolled back on purpose.</summary>
    public ConcurrentDictionary<int, bool> RolledBack { get; } = new();

    public string Group => name;

    public string Output => output;

    public int Commits => Volatile.Read(ref _commits);

    /// <summary>Waits until it has found nothing to do several times in a row: every input is transformed then.</summary>
    public async Task UntilIdleAsync()
    {
        var deadline = DateTime.UtcNow + Clients.Patience;
        while (Volatile.Read(ref _idle) < 30)
        {
            if (DateTime.UtcNow > deadline)
                throw new TimeoutException("The worker does not come to an end.");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    /// <param name="hurry">Transactions are held open no longer.</param>
    public void Run(CancellationToken hurry, CancellationToken stop)
    {
        var number = 0;
        while (!stop.IsCancellationRequested)
        {
            using var producer = Clients.Producer(address, name, _ => { });
            using var consumer = Clients.Consumer(address, Group).Build();
            try
            {
                producer.InitTransactions(Clients.Patience);
                consumer.Subscribe(input);
                while (!stop.IsCancellationRequested)
                {
                    if (Take(consumer) is { Count: > 0 } records)
                    {
                        Volatile.Write(ref _idle, 0);
                        Transform(producer, consumer, records, number++, hurry);
                    }
                    else if (consumer.Assignment.Count > 0)
                    {
                        Interlocked.Increment(ref _idle);
                    }
                }

                consumer.Close();
            }
            catch (KafkaException)
            {
                // The end of the transaction is unknown. A new producer rolls back what is open, a new consumer starts where the group is.
                consumer.Close();
            }
        }
    }

    private static List<ConsumeResult<Ignore, string>> Take(IConsumer<Ignore, string> consumer)
    {
        var records = new List<ConsumeResult<Ignore, string>>();
        var wait = TimeSpan.FromMilliseconds(100);
        while (records.Count < MaxRecords && consumer.Consume(wait) is { } record)
        {
            records.Add(record);
            wait = TimeSpan.Zero;
        }

        return records;
    }

    private void Transform(IProducer<Null, string> producer, IConsumer<Ignore, string> consumer, List<ConsumeResult<Ignore, string>> records, int number, CancellationToken hurry)
    {
        producer.BeginTransaction();
        foreach (var record in records)
        {
            producer.Produce(
                new TopicPartition(output, record.Partition), Clients.Message($"{number}|{records.Count}|{record.Partition.Value}|{record.Offset.Value}|{record.Message.Value}"));
        }

        var next = records.GroupBy(r => r.TopicPartition).Select(g => new TopicPartitionOffset(g.Key, g.Max(r => r.Offset.Value) + 1)).ToList();
        producer.SendOffsetsToTransaction(next, consumer.ConsumerGroupMetadata, Clients.Patience);
        hurry.WaitHandle.WaitOne(hold);
        if (number % 4 == 3)
        {
            RolledBack[number] = true;
            producer.AbortTransaction(Clients.Patience);
            foreach (var first in records.GroupBy(r => r.TopicPartition).Select(g => new TopicPartitionOffset(g.Key, g.Min(r => r.Offset.Value))))
                consumer.Seek(first);
        }
        else
        {
            producer.CommitTransaction(Clients.Patience);
            Interlocked.Increment(ref _commits);
        }
    }
}
