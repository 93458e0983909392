using Confluent.Kafka;

namespace Kappa.Iot.Streaming.Tests.Fakes;

/// <summary>A reader of a <see cref="FakeLog"/>: gives out records of its partitions in turn, and the clock goes on while there are none.</summary>
internal sealed partial class FakeConsumer : IConsumer<byte[], byte[]>
{
    private readonly FakeLog _log;
    private readonly Builder _handlers;
    private readonly AutoOffsetReset _start;
    private readonly SortedDictionary<TopicPartition, long> _positions = new(Comparer<TopicPartition>.Create((x, y) => x.CompareTo(y)));
    private readonly Dictionary<TopicPartition, long> _ends = [];
    private readonly Dictionary<TopicPartition, long> _fetched = [];
    private readonly HashSet<TopicPartition> _paused = [];
    private int _turn;
    private int _generation;
    private bool _joining;

    private FakeConsumer(FakeLog log, Builder handlers, AutoOffsetReset start)
    {
        (_log, _handlers, _start) = (log, handlers, start);
        _generation = log.Generation;
        log.Reader = this;
    }

    public IConsumerGroupMetadata ConsumerGroupMetadata => new Membership(_generation);

    /// <summary>The partitions that are held back now.</summary>
    public IEnumerable<int> Paused => _paused.Select(partition => partition.Partition.Value).Order();

    public void Subscribe(string topic) => _joining = true;

    public void Subscribe(IEnumerable<string> topics) => _joining = true;

    public ConsumeResult<byte[], byte[]>? Consume(TimeSpan timeout)
    {
        ConsumeResult<byte[], byte[]>? next = null;
        bool IsThere()
        {
            if (_joining)
            {
                _joining = false;
                Assigned([.. _log.Given]);
            }

            while (_log.TakeChange(this)) { }
            _log.Try(Step.Read);
            return (next = Next()) is not null;
        }

        if (!IsThere()) _log.Clock.Wait(timeout, IsThere);
        return next;
    }

    public void Assigned(params int[] partitions)
    {
        _generation = _log.Generation;
        var given = partitions.Select(Of).ToList();
        foreach (var start in _handlers.OnAssigned(this, given)) _positions[start.TopicPartition] = start.Offset.IsSpecial ? Begin(start.TopicPartition) : start.Offset;
    }

    public void Revoked(params int[] partitions) => Leave(partitions, _handlers.OnRevoked);

    public void Lost(params int[] partitions)
    {
        Leave(partitions, _handlers.OnLost);
        _generation = _log.Generation; // it has joined anew
    }

    public void Assign(IEnumerable<TopicPartitionOffset> partitions)
    {
        foreach (var start in partitions) _positions[start.TopicPartition] = start.Offset;
    }

    public void Pause(IEnumerable<TopicPartition> partitions) => _paused.UnionWith(partitions);

    public void Resume(IEnumerable<TopicPartition> partitions)
    {
        Assert.All(partitions, partition => Assert.Contains(partition, _positions.Keys)); // the client refuses partitions that it does not have
        _paused.ExceptWith(partitions);
    }

    public List<TopicPartitionOffset> Committed(IEnumerable<TopicPartition> partitions, TimeSpan timeout)
    {
        _log.OnAsked?.Invoke();
        return [.. partitions.Select(partition => new TopicPartitionOffset(partition, _log.Committed(partition)))];
    }

    public void Commit(IEnumerable<TopicPartitionOffset> offsets)
    {
        _log.Try(Step.Commit);
        foreach (var offset in offsets) _log.Commit(offset);
    }

    /// <summary>As the last record of the partition that was given out had it, like a client that only learns by fetching.</summary>
    public WatermarkOffsets GetWatermarkOffsets(TopicPartition topicPartition) =>
        new(0, _fetched.TryGetValue(topicPartition, out var end) ? end : Offset.Unset);

    public WatermarkOffsets QueryWatermarkOffsets(TopicPartition topicPartition, TimeSpan timeout)
    {
        _log.Try(Step.QueryEnd);
        return new WatermarkOffsets(0, _log.EndOf(topicPartition));
    }

    public void Close()
    {
        if (_log.Reader == this) _log.Reader = null;
        _log.Try(Step.Close);
        if (_positions.Count > 0) Revoked([.. _positions.Keys.Select(partition => partition.Partition.Value)]);
    }

    public void Dispose() { }

    private static TopicPartition Of(int partition) => new(FakeLog.Input, partition);

    private long Begin(TopicPartition partition)
    {
        var committed = _log.Committed(partition);
        if (!committed.IsSpecial) return committed;
        return _start == AutoOffsetReset.Latest ? _log.EndOf(partition) : 0;
    }

    private void Leave(int[] partitions, Action<IConsumer<byte[], byte[]>, List<TopicPartitionOffset>> handler)
    {
        handler(this, [.. partitions.Select(partition => new TopicPartitionOffset(Of(partition), _positions[Of(partition)]))]);
        foreach (var partition in partitions.Select(Of))
        {
            _positions.Remove(partition);
            _paused.Remove(partition);
            _ends.Remove(partition);
            _fetched.Remove(partition);
        }
    }

    private ConsumeResult<byte[], byte[]>? Next()
    {
        var partitions = _positions.Keys.Where(partition => !_paused.Contains(partition)).ToList();
        for (var i = 0; i < partitions.Count; i++)
        {
            var partition = partitions[_turn++ % partitions.Count];
            if (_log.Next(partition, _positions[partition]) is { } found)
            {
                _positions[partition] = found.Offset + 1;
                _fetched[partition] = _log.EndOf(partition);
                _log.Taken[partition.Partition] = _log.Taken.GetValueOrDefault(partition.Partition) + 1;
                return new ConsumeResult<byte[], byte[]> { TopicPartitionOffset = new TopicPartitionOffset(partition, found.Offset), Message = found.Message };
            }

            var end = _log.EndOf(partition);
            if (_ends.TryGetValue(partition, out var told) && told == end) continue;
            _ends[partition] = _positions[partition] = end;
            return new ConsumeResult<byte[], byte[]> { TopicPartitionOffset = new TopicPartitionOffset(partition, end), IsPartitionEOF = true };
        }

        return null;
    }

    public sealed record Membership(int Generation) : IConsumerGroupMetadata;

    public sealed class Builder(FakeLog log, ConsumerConfig config) : ConsumerBuilder<byte[], byte[]>(config)
    {
        public override IConsumer<byte[], byte[]> Build() => new FakeConsumer(log, this, config.AutoOffsetReset ?? AutoOffsetReset.Latest);

        public IEnumerable<TopicPartitionOffset> OnAssigned(IConsumer<byte[], byte[]> consumer, List<TopicPartition> partitions) => PartitionsAssignedHandler(consumer, partitions);

        public void OnRevoked(IConsumer<byte[], byte[]> consumer, List<TopicPartitionOffset> partitions) => PartitionsRevokedHandler?.Invoke(consumer, partitions);

        public void OnLost(IConsumer<byte[], byte[]> consumer, List<TopicPartitionOffset> partitions) => PartitionsLostHandler(consumer, partitions);
    }
}
