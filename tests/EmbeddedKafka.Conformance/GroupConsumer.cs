using System.Collections.Concurrent;
using Confluent.Kafka;

namespace Kappa.Iot.Embedded.Conformance;

/// <summary>A consumer on its own thread that remembers what it has been assigned.</summary>
internal sealed class GroupConsumer : IAsyncDisposable
{
    private readonly ConcurrentDictionary<int, bool> _assigned = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly IConsumer<byte[], byte[]> _consumer;
    private readonly Task _loop;
    private int _rebalances;

    public GroupConsumer(KafkaClients kafka, string group, string topic, Action<ConsumerConfig>? change = null)
    {
        _consumer = kafka.ConsumerBuilder(group, c =>
        {
            c.EnablePartitionEof = false;
            change?.Invoke(c);
        })
            .SetPartitionsAssignedHandler((_, partitions) => Change(() => partitions.ForEach(p => _assigned[p.Partition.Value] = true)))
            .SetPartitionsRevokedHandler((_, partitions) => Change(() => partitions.ForEach(p =>
            {
                Revoked.Enqueue(p.Partition.Value);
                _assigned.TryRemove(p.Partition.Value, out var _);
            })))
            .SetPartitionsLostHandler((_, partitions) => Change(() => partitions.ForEach(p => _assigned.TryRemove(p.Partition.Value, out var _))))
            .SetErrorHandler((_, error) => Failures.Add(error.Code))
            .Build();
        _consumer.Subscribe(topic);
        _loop = Task.Factory.StartNew(Loop, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    public ConcurrentBag<ErrorCode> Failures { get; } = [];

    /// <summary>Partitions that were given back, in order.</summary>
    public ConcurrentQueue<int> Revoked { get; } = [];

    public int Count => _assigned.Count;

    public ICollection<int> Assigned => _assigned.Keys;

    public int Rebalances => Volatile.Read(ref _rebalances);

    public void CommitAll() => _consumer.Commit(_consumer.Assignment.Select(p => new TopicPartitionOffset(p, 0)));

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        try
        {
            _consumer.Close();
        }
        catch (KafkaException e) when (e.Error.Code is ErrorCode.FencedInstanceId or ErrorCode.UnreleasedInstanceId or ErrorCode.UnsupportedAssignor or ErrorCode.Local_Fatal)
        {
            Failures.Add(e.Error.Code);
        }

        _consumer.Dispose();
        _stop.Dispose();
    }

    private void Change(Action change)
    {
        change();
        Interlocked.Increment(ref _rebalances);
    }

    private void Loop()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                _consumer.Consume(TimeSpan.FromMilliseconds(100));
            }
            catch (KafkaException e)
            {
                Failures.Add(e.Error.Code);
            }
        }
    }
}
