using System.Collections.Concurrent;
using Confluent.Kafka;

namespace Kappa.Iot.Embedded.Tests.Crashes;

/// <summary>An idempotent producer that numbers its records and keeps what was acknowledged, and where.</summary>
internal sealed class IdempotentLoad(string address, string name, string topic)
{
    private const int BurstRecords = 5;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly ConcurrentQueue<(string Value, TopicPartitionOffset Place)> _acknowledged = new();

    public ConcurrentQueue<string> Failures { get; } = new();

    public int Acknowledged => _acknowledged.Count;

    /// <summary>All that was acknowledged up to now.</summary>
    public IReadOnlyCollection<(string Value, TopicPartitionOffset Place)> Snapshot() => [.. _acknowledged];

    public void Run(CancellationToken stop)
    {
        using var producer = Clients.Producer(address, null, e => Failures.Enqueue($"{name}: {e.Reason}"));
        for (var i = 0; !stop.IsCancellationRequested; i++)
        {
            var value = $"{name}.{i}";
            producer.Produce(topic, Clients.Message(value), report =>
            {
                if (report.Error.IsError)
                    Failures.Enqueue($"{name}: {report.Error.Reason}");
                else
                    _acknowledged.Enqueue((value, report.TopicPartitionOffset));
            });
            if (i % BurstRecords == 0)
                Thread.Sleep(Pause);
        }

        producer.Flush(Clients.Patience);
    }
}
