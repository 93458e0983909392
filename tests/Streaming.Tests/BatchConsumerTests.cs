namespace Kappa.Iot.Streaming.Tests;

public sealed class BatchConsumerTests(Log log)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RunAsync_AHandlerThatFails_GetsTheSameBatchAgainAndNothingIsLost()
    {
        var topic = await log.CreateTopicAsync(2);
        log.Write(topic, Enumerable.Range(0, 500).Select(i => (i % 2, $"{i}")));
        var seen = new List<string>();
        var failures = 0;
        string[]? failed = null;

        await RunAsync(topic, topic, until: () => seen.Count >= 500, values =>
        {
            if (failures < 3)
            {
                if (failed is not null) Assert.Equal(failed, values);
                failed = values;
                failures++;
                throw new IOException("The store is away.");
            }

            seen.AddRange(values);
        });

        Assert.Equal(3, failures);
        Assert.Equal(Enumerable.Range(0, 500).Select(i => $"{i}").Order(), seen.Order());
    }

    [Fact]
    public async Task RunAsync_AfterARestart_GoesOnWhereItCommitted()
    {
        var topic = await log.CreateTopicAsync(1);
        log.Write(topic, [(0, "a"), (0, "b")]);
        var first = new List<string>();
        await RunAsync(topic, topic, () => first.Count >= 2, first.AddRange);
        log.Write(topic, [(0, "c")]);
        var second = new List<string>();
        await RunAsync(topic, topic, () => second.Count >= 1, second.AddRange);

        Assert.Equal(["a", "b"], first);
        Assert.Equal(["c"], second);
    }

    [Fact]
    public async Task RunAsync_ASecondMember_TakesOverPartitionsAndEachRecordIsHandledAtLeastOnceInOrder()
    {
        var topic = await log.CreateTopicAsync(4);
        var seen = new List<(int Member, string Value)>();
        bool All() { lock (seen) return seen.Select(s => s.Value).Distinct().Count() >= 400; }
        Action<string[]> Handler(int member) => values => { lock (seen) seen.AddRange(values.Select(v => (member, v))); };

        var one = RunAsync(topic, topic, All, Handler(1));
        log.Write(topic, Enumerable.Range(0, 200).Select(i => (i % 4, $"{i}")));
        var two = RunAsync(topic, topic, All, Handler(2));
        var written = 200;
        while (written < 400)
        {
            // Written slowly, so that both members get some.
            log.Write(topic, Enumerable.Range(written, 4).Select(i => (i % 4, $"{i}")));
            written += 4;
            await Task.Delay(50, Cancel);
        }

        await Task.WhenAll(one, two);
        for (var partition = 0; partition < 4; partition++)
        {
            var expected = Enumerable.Range(0, 400).Where(i => i % 4 == partition);
            lock (seen) Assert.Equal(expected, seen.Select(s => int.Parse(s.Value)).Where(i => i % 4 == partition).Distinct());
        }
    }

    private async Task RunAsync(string topic, string group, Func<bool> until, Action<string[]> handle)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        stop.CancelAfter(TimeSpan.FromMinutes(2));
        var consumer = new BatchConsumer(log.Kafka, new BatchConsumerOptions { Topics = [topic], GroupId = group }, Log.Metrics, Log.Logger);
        var running = consumer.RunAsync((records, _) =>
        {
            handle([.. records.Select(Log.Text)]);
            return Task.CompletedTask;
        }, stop.Token);
        while (!until() && !stop.IsCancellationRequested) await Task.Delay(20, Cancel);
        await stop.CancelAsync();
        await running;
    }
}
