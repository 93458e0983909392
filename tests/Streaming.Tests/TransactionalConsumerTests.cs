using Confluent.Kafka;

namespace Kappa.Iot.Streaming.Tests;

public sealed class TransactionalConsumerTests(Log log)
{
    private const int Partitions = 4;
    private const int Records = 4_000;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Each record becomes "value:count so far in its partition": any record lost, doubled or out of order changes everything after it.</summary>
    [Fact]
    [Trait("Invariant", "2")]
    public async Task RunAsync_FailuresRestartsAndRebalances_LeaveTheOutputOfAnUndisturbedRun()
    {
        var (input, output) = (await log.CreateTopicAsync(Partitions), await log.CreateTopicAsync(Partitions));
        log.Write(input, Enumerable.Range(0, Records).Select(i => (i % Partitions, $"{i}")));
        var random = new Random(1);

        var aborted = 0;
        for (var round = 0; !await IsDoneAsync(output); round++)
        {
            Assert.True(round < 60, "It does not come to an end.");
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
            stop.CancelAfter(TimeSpan.FromSeconds(round < 10 ? 1 + random.NextDouble() * 4 : 20));
            var one = Consumer(input, output, "one", () => Fail(random, ref aborted)).RunAsync(stop.Token);
            await Task.Delay(random.Next(0, 2000), Cancel);
            var two = Consumer(input, output, "two", () => Fail(random, ref aborted)).RunAsync(stop.Token);
            await Task.WhenAll(one, two);
        }

        Assert.True(aborted > 0, "No transaction was aborted, so this showed nothing.");
        var expected = Enumerable.Range(0, Records).OrderBy(i => i % Partitions).Select((i, n) => (i % Partitions, $"{i}:{(i / Partitions) + 1}"));
        Assert.Equal(expected, await log.ReadAsync(output));
    }

    [Fact]
    [Trait("Invariant", "2")]
    public async Task RunAsync_AnInstanceThatHangsInATransaction_IsFencedAndWritesNothing()
    {
        var (input, output) = (await log.CreateTopicAsync(1), await log.CreateTopicAsync(1));
        log.Write(input, Enumerable.Range(0, 10).Select(i => (0, $"{i}")));
        using var hung = new ManualResetEventSlim();
        using var released = new ManualResetEventSlim();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var zombie = Consumer(input, output, "same", () =>
        {
            if (hung.IsSet) return;
            hung.Set();
            released.Wait(TimeSpan.FromMinutes(1), Cancel);
        }).RunAsync(stop.Token);
        Assert.True(hung.Wait(TimeSpan.FromMinutes(1), Cancel));

        // A second process under the same name, as after a restart of a machine that only seemed dead.
        using var stopSecond = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var second = Consumer(input, output, "same", () => { }).RunAsync(stopSecond.Token);
        await Task.Delay(TimeSpan.FromSeconds(3), Cancel);
        released.Set();
        for (var i = 0; i < 600 && !(await log.ReadAsync(output)).Contains((0, "9:10")); i++) await Task.Delay(100, Cancel);
        await stop.CancelAsync();
        await stopSecond.CancelAsync();
        await Task.WhenAll(zombie, second);

        Assert.Equal(Enumerable.Range(0, 10).Select(i => (0, $"{i}:{i + 1}")), await log.ReadAsync(output));
    }

    private static void Fail(Random random, ref int aborted)
    {
        lock (random) if (random.Next(12) != 0) return;
        Interlocked.Increment(ref aborted);
        throw new InvalidOperationException("A processor fails in the middle of its work.");
    }

    private async Task<bool> IsDoneAsync(string output) => (await log.ReadAsync(output)).Count >= Records;

    private TransactionalConsumer Consumer(string input, string output, string instance, Action disturb) => new(
        log.Kafka,
        new TransactionalConsumerOptions { Topic = input, GroupId = input, Instance = $"{input}-{instance}", MaxBatch = 100, MaxWait = TimeSpan.FromMilliseconds(50), SessionTimeout = TimeSpan.FromSeconds(6) },
        new CountingFactory(log, output, disturb), Log.Metrics, Log.Logger);

    /// <summary>Its state is in its output: the number of the last record.</summary>
    private sealed class CountingFactory(Log log, string output, Action disturb) : IPartitionProcessorFactory
    {
        public async Task<IReadOnlyDictionary<TopicPartition, IPartitionProcessor>> RestoreAsync(IReadOnlyDictionary<TopicPartition, long> next, CancellationToken cancel)
        {
            var written = await log.ReadAsync(output);
            return next.Keys.ToDictionary(partition => partition, partition =>
                (IPartitionProcessor)new Counting(written.Count(r => r.Partition == partition.Partition.Value), output, disturb));
        }
    }

    private sealed class Counting(int count, string output, Action disturb) : IPartitionProcessor
    {
        private int _count = count;

        public void Process(IReadOnlyList<ConsumeResult<byte[], byte[]>> records, TransactionOutput written)
        {
            foreach (var record in records)
            {
                written.Add(new TopicPartition(output, record.Partition), new Message<byte[], byte[]>
                {
                    Value = System.Text.Encoding.UTF8.GetBytes($"{Log.Text(record)}:{++_count}"),
                });
            }

            disturb();
        }
    }
}
