using System.Text;
using Confluent.Kafka;

namespace Kappa.Iot.Streaming.Tests;

/// <summary>Records that no processor can take, in a log.</summary>
public sealed class PoisonTests(Log log)
{
    private const int Partitions = 3;
    private const int Records = 900;
    private static readonly int[] Poisoned = [1, 301, 302]; // of partitions 1 and 2, which may be found at the same time

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    [Trait("Invariant", "2")]
    public async Task RunAsync_PoisonedRecords_AreInTheDeadLettersOnceAndAllOthersInTheOutputOnce()
    {
        var (input, output, dead) = (await log.CreateTopicAsync(Partitions), await log.CreateTopicAsync(Partitions), await log.CreateTopicAsync(2));
        log.Write(input, Enumerable.Range(0, Records).Select(i => (i % Partitions, $"{i}")));
        var poisoned = Poisoned.Select(i => $"{i}").ToHashSet();

        for (var round = 0; (await log.ReadAsync(output)).Count < Records - Poisoned.Length; round++)
        {
            Assert.True(round < 6, "It does not come to an end.");
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
            stop.CancelAfter(TimeSpan.FromSeconds(round == 0 ? 5 : 60)); // first it is stopped in the middle of the search
            var run = Consumer(input, output, dead, poisoned).RunAsync(stop.Token);
            while (!run.IsCompleted && (await log.ReadAsync(output)).Count < Records - Poisoned.Length) await Task.Delay(500, Cancel);
            await stop.CancelAsync();
            await run;
        }

        var expected = Enumerable.Range(0, Partitions).SelectMany(partition => Enumerable.Range(0, Records)
            .Where(i => i % Partitions == partition && !Poisoned.Contains(i)).Select((i, n) => (partition, $"{i}:{n + 1}")));
        Assert.Equal(expected, await log.ReadAsync(output));
        Assert.Equal(
            Poisoned.Select(i => ($"{i}", "Unprocessable", $"System.FormatException: {i} is not for me.", $"{input}/{i % Partitions}@{i / Partitions}")).Order(),
            Read(dead).Select(letter => (Encoding.UTF8.GetString(letter.Value), Header(letter, "reason"), Header(letter, "detail"), Header(letter, "position"))).Order());
    }

    private static string Header(Message<byte[], byte[]> letter, string name) => Encoding.UTF8.GetString(letter.Headers.GetLastBytes(name));

    private TransactionalConsumer Consumer(string input, string output, string dead, HashSet<string> poisoned) => Counting.Consumer(
        log, input, output, "one", () => { }, deadLetters: dead, take: value =>
        {
            if (poisoned.Contains(value)) throw new FormatException($"{value} is not for me.");
        });

    private List<Message<byte[], byte[]>> Read(string topic)
    {
        using var reader = new ConsumerBuilder<byte[], byte[]>(new ConsumerConfig(log.Kafka.ToClientConfig("test"))
        {
            GroupId = topic,
            EnablePartitionEof = true,
            EnableAutoCommit = false,
            IsolationLevel = IsolationLevel.ReadCommitted,
        }).Build();
        reader.Assign([new TopicPartitionOffset(topic, 0, 0), new TopicPartitionOffset(topic, 1, 0)]);
        var (found, ends) = (new List<Message<byte[], byte[]>>(), 0);
        while (ends < 2)
        {
            var next = reader.Consume(Cancel);
            if (next.IsPartitionEOF) ends++;
            else found.Add(next.Message);
        }

        return found;
    }
}
