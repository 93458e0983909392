using Confluent.Kafka;
using Kappa.Iot.Streaming.Tests.Fakes;

namespace Kappa.Iot.Streaming.Tests;

/// <summary>Lag as the client of Kafka lets it be known: what is paused is not fetched, and the end of a partition may be a transaction's mark.</summary>
public sealed class LagTests(Log log)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Lag_of_a_partition_that_is_being_restored_grows_with_the_log_and_is_none_in_the_end()
    {
        var (input, output) = (await log.CreateTopicAsync(1), await log.CreateTopicAsync(1));
        log.Write(input, Enumerable.Range(0, 100).Select(i => (0, $"{i}")));
        using var meters = new FakeMeters(TimeProvider.System);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var restore = new SlowRestore(output);
        var consumer = new TransactionalConsumer(
            log.Kafka, new TransactionalConsumerOptions { Topic = input, GroupId = input, Instance = input }, restore, meters.Metrics, Log.Logger);
        var running = consumer.RunAsync(stop.Token);

        await WaitForAsync(meters, 100);
        log.Write(input, Enumerable.Range(0, 50).Select(i => (0, $"{i}")));
        await WaitForAsync(meters, 150);
        Assert.True(Assert.Single(meters.LagSeconds).Value > 0);
        restore.Release.SetResult();
        await WaitForAsync(meters, 0);
        WriteInTransaction(input, 10);
        await WaitForAsync(meters, 0, handled: 160);
        Assert.Equal(0, Assert.Single(meters.LagSeconds).Value);

        await stop.CancelAsync();
        await running;
        Assert.Empty(meters.LagRecords);
    }

    [Fact]
    public async Task Lag_of_a_batch_consumer_whose_handler_is_stuck_grows_with_the_log()
    {
        var topic = await log.CreateTopicAsync(2);
        using var meters = new FakeMeters(TimeProvider.System);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var release = new TaskCompletionSource();
        var running = new BatchConsumer(log.Kafka, new BatchConsumerOptions { Topics = [topic], GroupId = topic }, meters.Metrics, Log.Logger)
            .RunAsync((_, _) => release.Task, stop.Token);

        await WaitForAsync(meters, 0); // known before there is anything to read
        log.Write(topic, Enumerable.Range(0, 10).Select(i => (0, $"{i}")));
        await WaitForAsync(meters, 10);
        log.Write(topic, Enumerable.Range(0, 20).Select(i => (i % 2, $"{i}")));
        await WaitForAsync(meters, 30);
        release.SetResult();
        await WaitForAsync(meters, 0, handled: 30);

        await stop.CancelAsync();
        await running;
    }

    private static async Task WaitForAsync(FakeMeters meters, long lag, long handled = 0)
    {
        for (var i = 0; i < 600; i++)
        {
            var seen = meters.LagRecords.Values;
            if (seen.Count > 0 && seen.Sum() == lag && meters.Of<long>("records").Sum(measured => measured.Value) >= handled) return;
            await Task.Delay(100, Cancel);
        }

        Assert.Fail($"Lag is not {lag} but {string.Join(", ", meters.LagRecords.Select(pair => $"{pair.Key}: {pair.Value}"))}.");
    }

    private void WriteInTransaction(string topic, int count)
    {
        using var producer = new ProducerBuilder<byte[], byte[]>(new ProducerConfig(log.Kafka.ToClientConfig("test")) { TransactionalId = topic }).Build();
        producer.InitTransactions(TimeSpan.FromSeconds(60));
        producer.BeginTransaction();
        Log.Write(producer, topic, Enumerable.Range(0, count).Select(i => (0, $"{i}")));
        producer.CommitTransaction();
    }

    private sealed class SlowRestore(string output) : IPartitionProcessorFactory, IPartitionProcessor
    {
        public TaskCompletionSource Release { get; } = new();

        public async Task<IReadOnlyDictionary<TopicPartition, IPartitionProcessor>> RestoreAsync(IReadOnlyDictionary<TopicPartition, long> next, CancellationToken cancel)
        {
            await Release.Task.WaitAsync(cancel);
            return next.Keys.ToDictionary(partition => partition, _ => (IPartitionProcessor)this);
        }

        public void Process(IReadOnlyList<ConsumeResult<byte[], byte[]>> records, TransactionOutput written)
        {
            foreach (var record in records) written.Add(new TopicPartition(output, record.Partition), new Message<byte[], byte[]> { Value = record.Message.Value });
        }
    }
}
