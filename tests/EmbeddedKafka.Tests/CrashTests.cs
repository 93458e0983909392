using System.Collections.Concurrent;
using System.Text;
using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Kappa.Iot.Embedded.Tests;

public sealed class CrashTests : IDisposable
{
    private const int Kills = 4;
    private const int RecordsPerTransaction = 6;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private readonly string _data = Directory.CreateTempSubdirectory("embedded-kafka-crash-").FullName;
    private readonly ConcurrentBag<int> _acknowledged = [];
    private readonly ConcurrentDictionary<int, string> _outcomes = new();

    public void Dispose() => Directory.Delete(_data, recursive: true);

    [Fact]
    [Trait("Invariant", "1")]
    [Trait("Invariant", "2")]
    public async Task Killed_under_load_it_loses_nothing_repeats_nothing_and_shows_nothing_that_was_rolled_back()
    {
        var server = await ServerProcess.StartAsync(_data, 0);
        var port = server.Port;
        var address = $"127.0.0.1:{port}";
        using (var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = address }).Build())
        {
            await admin.CreateTopicsAsync([
                new TopicSpecification { Name = "plain", NumPartitions = 3, ReplicationFactor = 1 },
                new TopicSpecification { Name = "transactional", NumPartitions = 2, ReplicationFactor = 1 }]);
        }

        using var stop = new CancellationTokenSource();
        var load = new[]
        {
            Task.Factory.StartNew(() => Produce(address, stop.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default),
            Task.Factory.StartNew(() => Transact(address, stop.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default),
        };
        for (var kill = 0; kill < Kills; kill++)
        {
            var (plain, transactions) = (_acknowledged.Count, _outcomes.Count);
            await WaitAsync(() => _acknowledged.Count >= plain + 200 && _outcomes.Count >= transactions + 5);
            await server.KillAsync();
            await server.DisposeAsync();
            server = await ServerProcess.StartAsync(_data, port);
        }

        await stop.CancelAsync();
        await Task.WhenAll(load);
        Check(address);
        Assert.Equal(0, await server.StopAsync());
        await server.DisposeAsync();
    }

    private void Produce(string address, CancellationToken stop)
    {
        using var producer = Builder(address, _ => { }).Build();
        for (var i = 0; !stop.IsCancellationRequested; i++)
        {
            var number = i;
            producer.Produce("plain", Message($"{number}"), report =>
            {
                if (!report.Error.IsError)
                    _acknowledged.Add(number);
            });
            if (i % 20 == 0)
                Thread.Sleep(10);
        }

        producer.Flush(Patience);
    }

    private void Transact(string address, CancellationToken stop)
    {
        var number = 0;
        while (!stop.IsCancellationRequested)
        {
            using var producer = Builder(address, c => c.TransactionalId = "crash").Build();
            try
            {
                producer.InitTransactions(Patience);
                while (!stop.IsCancellationRequested)
                    TransactOnce(producer, number++);
            }
            catch (KafkaException)
            {
                // What became of this transaction is unknown: all of it or nothing. The next producer rolls back what is open.
            }
        }
    }

    private void TransactOnce(IProducer<Null, string> producer, int number)
    {
        producer.BeginTransaction();
        for (var i = 0; i < RecordsPerTransaction; i++)
            producer.Produce(new TopicPartition("transactional", i % 2), Message($"{number}.{i}"));
        if (number % 3 == 0)
        {
            producer.Flush(TimeSpan.FromSeconds(5));
            _outcomes[number] = "rolled back";
            producer.AbortTransaction(Patience);
        }
        else
        {
            producer.CommitTransaction(Patience);
            _outcomes[number] = "committed";
        }
    }

    private void Check(string address)
    {
        var plain = Enumerable.Range(0, 3).SelectMany(p => ReadAll(address, "plain", p)).Select(int.Parse).ToList();
        Assert.Equal(plain.Count, plain.Distinct().Count());
        Assert.Empty(_acknowledged.Except(plain));

        var seen = Enumerable.Range(0, 2).SelectMany(p => ReadAll(address, "transactional", p)).ToList();
        Assert.Equal(seen.Count, seen.Distinct().Count());
        var whole = seen.GroupBy(v => int.Parse(v.Split('.')[0])).ToDictionary(g => g.Key, g => g.Count());
        Assert.All(whole.Values, count => Assert.Equal(RecordsPerTransaction, count));
        foreach (var (number, outcome) in _outcomes)
            Assert.Equal(outcome == "committed", whole.ContainsKey(number));
    }

    private static List<string> ReadAll(string address, string topic, int partition)
    {
        using var consumer = new ConsumerBuilder<Ignore, string>(new ConsumerConfig
        {
            BootstrapServers = address,
            GroupId = "check",
            EnablePartitionEof = true,
            IsolationLevel = IsolationLevel.ReadCommitted,
        }).Build();
        consumer.Assign(new TopicPartitionOffset(topic, partition, Offset.Beginning));
        var values = new List<string>();
        long last = -1;
        while (true)
        {
            var result = consumer.Consume(Patience) ?? throw new TimeoutException($"{topic}-{partition} stopped after {values.Count} records.");
            if (result.IsPartitionEOF)
                return values;
            Assert.True(result.Offset.Value > last, "offsets rise");
            last = result.Offset.Value;
            values.Add(result.Message.Value);
        }
    }

    private static Message<Null, string> Message(string value) => new() { Value = value };

    private static ProducerBuilder<Null, string> Builder(string address, Action<ProducerConfig> change)
    {
        var config = new ProducerConfig
        {
            BootstrapServers = address,
            EnableIdempotence = true,
            Acks = Acks.All,
            LingerMs = 2,
            ReconnectBackoffMs = 50,
            ReconnectBackoffMaxMs = 300,
            RetryBackoffMs = 50,
            TransactionTimeoutMs = 30_000,
        };
        change(config);
        return new ProducerBuilder<Null, string>(config).SetLogHandler((_, _) => { }).SetErrorHandler((_, _) => { });
    }

    private static async Task WaitAsync(Func<bool> condition)
    {
        var deadline = DateTime.UtcNow + Patience;
        while (!condition())
        {
            if (DateTime.UtcNow > deadline)
                throw new TimeoutException("The load makes no progress.");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }
}
