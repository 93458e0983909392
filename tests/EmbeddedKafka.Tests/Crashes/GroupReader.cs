using System.Collections.Concurrent;
using Confluent.Kafka;

namespace Kappa.Iot.Embedded.Tests.Crashes;

/// <summary>A member of a group that reads what is committed, and commits how far it has come.</summary>
internal sealed class GroupReader(string address, string topic)
{
    public const string Group = "group-reader";

    private readonly ConcurrentDictionary<TopicPartition, long> _last = new();

    public ConcurrentDictionary<TopicPartitionOffset, string> Seen { get; } = new();

    /// <summary>The offsets whose commit the server has acknowledged.</summary>
    public ConcurrentDictionary<TopicPartition, long> Committed { get; } = new();

    public ConcurrentQueue<string> Failures { get; } = new();

    public int Commits { get; private set; }

    public void Run(CancellationToken stop)
    {
        using var consumer = Clients.Consumer(address, Group)
            .SetPartitionsAssignedHandler((_, _) => _last.Clear())
            .Build();
        consumer.Subscribe(topic);
        while (!stop.IsCancellationRequested)
        {
            try
            {
                if (consumer.Consume(TimeSpan.FromMilliseconds(100)) is not { } record)
                    continue;
                Note(record);
                if (record.Offset.Value % 10 == 0)
                    Commit(consumer);
            }
            catch (KafkaException e) when (!e.Error.IsFatal)
            {
                // The server is away. What was read since the last commit may come again, and nothing may be left out.
            }
        }

        consumer.Close();
    }

    private void Note(ConsumeResult<Ignore, string> record)
    {
        if (_last.TryGetValue(record.TopicPartition, out var last) && record.Offset.Value <= last)
            Failures.Enqueue($"{record.TopicPartition}: offset {record.Offset} came after {last} without a new assignment.");
        _last[record.TopicPartition] = record.Offset.Value;
        if (Seen.GetOrAdd(record.TopicPartitionOffset, record.Message.Value) is { } earlier && earlier != record.Message.Value)
            Failures.Enqueue($"{record.TopicPartitionOffset} was '{earlier}' and is now '{record.Message.Value}'.");
    }

    private void Commit(IConsumer<Ignore, string> consumer)
    {
        foreach (var offset in consumer.Commit())
            Committed.AddOrUpdate(offset.TopicPartition, offset.Offset.Value, (_, before) => Math.Max(before, offset.Offset.Value));
        Commits++;
    }
}
