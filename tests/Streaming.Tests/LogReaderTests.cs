using Confluent.Kafka;

namespace Kappa.Iot.Streaming.Tests;

public sealed class LogReaderTests(Log log)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ReadAsync_FromTheBeginning_GivesEachPartitionInOrderAndEnds()
    {
        var topic = await log.CreateTopicAsync(3);
        var written = Enumerable.Range(0, 3_000).Select(i => (i % 2, $"{i}")).ToList(); // partition 2 stays empty
        log.Write(topic, written);

        Assert.Equal(written.OrderBy(r => r.Item1), await log.ReadAsync(topic));
    }

    [Fact]
    public async Task ReadAsync_FromATime_BeginsWithTheFirstRecordThatIsNotOlder()
    {
        var topic = await log.CreateTopicAsync(1);
        var noon = DateTimeOffset.UnixEpoch.AddYears(50);
        for (var minute = 0; minute < 5; minute++) log.Write(topic, [(0, $"{minute}")], noon.AddMinutes(minute));

        Assert.Equal([(0, "2"), (0, "3"), (0, "4")], await log.ReadAsync(topic, LogStart.At(noon.AddMinutes(2))));
        Assert.Equal([(0, "3"), (0, "4")], await log.ReadAsync(topic, LogStart.At(noon.AddMinutes(2).AddSeconds(1))));
        Assert.Empty(await log.ReadAsync(topic, LogStart.At(noon.AddMinutes(10))));
        Assert.Equal([(0, "3"), (0, "4")], await log.ReadAsync(topic, LogStart.Last(2)));
    }

    [Fact]
    public async Task ReadAsync_AnAbortedTransactionAtTheEnd_IsLeftOutAndTheReadingStillEnds()
    {
        var topic = await log.CreateTopicAsync(1);
        log.Write(topic, [(0, "kept")]);
        using var producer = new ProducerBuilder<byte[], byte[]>(new ProducerConfig(log.Kafka.ToClientConfig("test")) { TransactionalId = topic }).Build();
        producer.InitTransactions(TimeSpan.FromSeconds(60));
        producer.BeginTransaction();
        Log.Write(producer, topic, [(0, "dropped")]);
        producer.Flush(Cancel);
        producer.AbortTransaction();

        Assert.Equal([(0, "kept")], await log.ReadAsync(topic));
    }

    [Fact]
    public async Task ReadAsync_AnOpenTransaction_IsWaitedForAndThenRead()
    {
        var topic = await log.CreateTopicAsync(1);
        using var producer = new ProducerBuilder<byte[], byte[]>(new ProducerConfig(log.Kafka.ToClientConfig("test")) { TransactionalId = topic }).Build();
        producer.InitTransactions(TimeSpan.FromSeconds(60));
        producer.BeginTransaction();
        Log.Write(producer, topic, [(0, "open")]);
        producer.Flush(Cancel);

        var reading = log.ReadAsync(topic);
        Assert.NotSame(reading, await Task.WhenAny(reading, Task.Delay(TimeSpan.FromSeconds(1), Cancel)));
        producer.CommitTransaction();

        Assert.Equal([(0, "open")], await reading);
    }

    [Fact]
    public async Task FollowAsync_GoesOnWithWhatIsWrittenLater()
    {
        var topic = await log.CreateTopicAsync(2);
        log.Write(topic, [(0, "early"), (1, "early")]);
        var reader = new LogReader(log.Kafka, "test", Log.Logger);
        var caughtUp = new TaskCompletionSource();
        var seen = new List<string>();
        var all = new TaskCompletionSource();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var following = reader.FollowAsync(await reader.FindAsync(topic, LogStart.Beginning, Cancel), (records, _) =>
        {
            seen.AddRange(records.Select(Log.Text));
            if (seen.Count == 4) all.TrySetResult();
            return ValueTask.CompletedTask;
        }, () => caughtUp.TrySetResult(), stop.Token);

        await caughtUp.Task.WaitAsync(TimeSpan.FromSeconds(60), Cancel);
        Assert.Equal(["early", "early"], seen);
        log.Write(topic, [(0, "late"), (1, "late")]);
        await all.Task.WaitAsync(TimeSpan.FromSeconds(60), Cancel);
        Assert.Equal(["early", "early", "late", "late"], seen);

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => following);
    }
}
