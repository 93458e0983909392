using Confluent.Kafka;

namespace Kappa.Iot.Streaming.Tests;

/// <summary>A transactional consumer that reads stretches and comes to an end.</summary>
public sealed class BoundsTests(Log log)
{
    private const int Records = 400;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    [Trait("Invariant", "2")]
    public async Task RunAsync_WithBounds_WritesWhatIsInThemOnceAndCommitsTheirEnds()
    {
        var (input, output) = (await log.CreateTopicAsync(4), await log.CreateTopicAsync(4));
        log.Write(input, Enumerable.Range(0, Records).SelectMany(i => Enumerable.Range(1, 3).Select(partition => (partition, $"{i}"))));
        WriteInTransaction(input, Enumerable.Range(0, Records).Select(i => (0, $"{i}"))); // the partition ends with its mark, which is no record
        Dictionary<TopicPartition, LogRange> bounds = new LogRange[]
        {
            new(new TopicPartition(input, 0), 50, Records + 1),
            new(new TopicPartition(input, 1), 0, 300),
            new(new TopicPartition(input, 2), 120, 120),
        }.ToDictionary(range => range.Partition);

        var random = new Random(3);
        for (var round = 0; !IsDone(); round++)
        {
            Assert.True(round < 30, "It does not come to an end.");
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
            stop.CancelAfter(TimeSpan.FromSeconds(round < 3 ? 1 + random.NextDouble() * 2 : 15)); // cut short at first, so that it is continued
            var run = Counting.Consumer(log, input, output, "one", () => Fail(random), bounds).RunAsync(stop.Token);
            while (!run.IsCompleted && !IsDone()) await Task.Delay(100, Cancel);
            await stop.CancelAsync();
            await run;
        }

        Assert.Equal(
            [.. Enumerable.Range(50, Records - 50).Select(i => (0, $"{i}:{i - 49}")), .. Enumerable.Range(0, 300).Select(i => (1, $"{i}:{i + 1}"))],
            await log.ReadAsync(output));

        bool IsDone()
        {
            var committed = Committed(input);
            return committed[0] == Records + 1 && committed[1] == 300;
        }
    }

    private static void Fail(Random random)
    {
        lock (random) if (random.Next(5) == 0) throw new InvalidOperationException("A processor fails in the middle of its work.");
    }

    private List<long> Committed(string group)
    {
        using var reader = new ConsumerBuilder<Ignore, Ignore>(new ConsumerConfig(log.Kafka.ToClientConfig("test")) { GroupId = group }).Build();
        return [.. reader.Committed(Enumerable.Range(0, 4).Select(partition => new TopicPartition(group, partition)), TimeSpan.FromSeconds(30)).Select(found => found.Offset.Value)];
    }

    private void WriteInTransaction(string topic, IEnumerable<(int Partition, string Value)> records)
    {
        using var producer = new ProducerBuilder<byte[], byte[]>(new ProducerConfig(log.Kafka.ToClientConfig("test")) { TransactionalId = topic }).Build();
        producer.InitTransactions(TimeSpan.FromSeconds(30));
        producer.BeginTransaction();
        Log.Write(producer, topic, records, null);
        producer.CommitTransaction();
    }
}
