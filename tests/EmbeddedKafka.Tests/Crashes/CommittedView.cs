using Confluent.Kafka;

namespace Kappa.Iot.Embedded.Tests.Crashes;

/// <summary>Everything that a read_committed reader sees of some partitions, from their start to their end.</summary>
internal sealed class CommittedView(string address) : IDisposable
{
    private readonly IConsumer<Ignore, string> _consumer = Clients.Consumer(address, "view", eof: true).Build();

    /// <exception cref="TimeoutException">The server does not send the rest.</exception>
    public List<(TopicPartitionOffset Place, string Value)> Read(params TopicPartition[] partitions)
    {
        _consumer.Assign(partitions.Select(p => new TopicPartitionOffset(p, Offset.Beginning)));
        var open = partitions.ToHashSet();
        var last = partitions.ToDictionary(p => p, _ => -1L);
        var records = new List<(TopicPartitionOffset, string)>();
        var deadline = DateTime.UtcNow + Clients.Patience;
        while (open.Count > 0)
        {
            if (DateTime.UtcNow > deadline)
                throw new TimeoutException($"{string.Join(", ", open)} did not come to an end; {records.Count} records were read.");
            if (Consume() is not { } result)
                continue;
            if (result.IsPartitionEOF)
            {
                open.Remove(result.TopicPartition);
                continue;
            }

            Assert.True(result.Offset.Value > last[result.TopicPartition], $"{result.TopicPartitionOffset} came after {last[result.TopicPartition]}.");
            last[result.TopicPartition] = result.Offset.Value;
            records.Add((result.TopicPartitionOffset, result.Message.Value));
        }

        _consumer.Unassign();
        return records;
    }

    public void Dispose() => _consumer.Dispose();

    private ConsumeResult<Ignore, string>? Consume()
    {
        try
        {
            return _consumer.Consume(TimeSpan.FromSeconds(1));
        }
        catch (ConsumeException e) when (!e.Error.IsFatal)
        {
            return null; // not reconnected yet
        }
    }
}
