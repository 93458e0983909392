using System.Collections.Concurrent;
using Confluent.Kafka;

namespace Kappa.Iot.Embedded.Tests.Crashes;

/// <summary>A member of the consumer protocol that reads, commits, and says when it gets a partition that another still has.</summary>
internal sealed class AssignedReader(string address, string group, string topic, ConcurrentDictionary<int, AssignedReader> owners, ConcurrentQueue<string> failures)
{
    public ConcurrentDictionary<string, bool> Seen { get; } = new();

    public int Count => owners.Values.Count(o => o == this);

    public void Run(CancellationToken stop)
    {
        using var consumer = Clients.Consumer(address, group, change: c =>
        {
            c.GroupProtocol = GroupProtocol.Consumer;
            c.SessionTimeoutMs = c.HeartbeatIntervalMs = null;
        })
            .SetPartitionsAssignedHandler((_, partitions) => partitions.ForEach(p =>
            {
                if (!owners.TryAdd(p.Partition.Value, this))
                    failures.Enqueue($"{p.Partition} has two owners.");
            }))
            .SetPartitionsRevokedHandler((_, partitions) => partitions.ForEach(p => Release(p.Partition.Value)))
            .SetPartitionsLostHandler((_, partitions) => partitions.ForEach(p =>
            {
                failures.Enqueue($"{p.Partition} was taken away.");
                Release(p.Partition.Value);
            }))
            .Build();
        consumer.Subscribe(topic);
        while (!stop.IsCancellationRequested)
        {
            try
            {
                if (consumer.Consume(TimeSpan.FromMilliseconds(100)) is not { } record)
                    continue;
                Seen[record.Message.Value] = true;
                if (record.Offset.Value % 10 == 0)
                    consumer.Commit();
            }
            catch (KafkaException e) when (!e.Error.IsFatal)
            {
                // The server is away.
            }
        }

        consumer.Close();
    }

    private void Release(int partition)
    {
        if (!owners.TryRemove(KeyValuePair.Create(partition, this)))
            failures.Enqueue($"{partition} is given back by one that does not have it.");
    }
}
