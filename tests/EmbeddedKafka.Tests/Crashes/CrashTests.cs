using System.Diagnostics;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Kappa.Iot.Peers;

namespace Kappa.Iot.Embedded.Tests.Crashes;

public sealed class CrashTests : IDisposable
{
    private const int Kills = 50;
    private const string Plain = "plain", Transactional = "transactional", Transformed = "transformed", TransformedSlowly = "transformed-slowly";
    private const int PlainPartitions = 3;

    private readonly string _data = Directory.CreateTempSubdirectory("embedded-kafka-crash-").FullName;
    private readonly Dictionary<(string Group, TopicPartition Partition), long> _groupOffsets = [];
    private readonly int _seed = Random.Shared.Next();

    public void Dispose() => Directory.Delete(_data, recursive: true);

    [Fact]
    [Trait("Invariant", "1")]
    [Trait("Invariant", "2")]
    public async Task Killed_fifty_times_under_load_it_loses_nothing_repeats_nothing_and_shows_nothing_that_was_rolled_back()
    {
        var output = TestContext.Current.TestOutputHelper!;
        output.WriteLine($"seed {_seed}");
        var random = new Random(_seed);
        var port = FreePort.Take();
        var server = await ServerProcess.StartAsync(_data, port);
        using var load = new Load($"127.0.0.1:{port}");
        await CreateTopicsAsync(load.Address);
        load.Start();
        using (var view = new CommittedView(load.Address))
        {
            for (var kill = 1; kill <= Kills; kill++)
            {
                var clock = Stopwatch.StartNew();
                await load.ProgressAsync();
                await Task.Delay(random.Next(150), TestContext.Current.CancellationToken);
                await server.KillAsync();
                await server.DisposeAsync();
                server = await ServerProcess.StartAsync(_data, port);
                var restarted = clock.Elapsed;
                Check(load, view);
                output.WriteLine($"kill {kill}: progress and restart {restarted.TotalSeconds:0.0} s, check {(clock.Elapsed - restarted).TotalSeconds:0.0} s, {load.Counts}");
            }

            await load.StopAsync();
            Check(load, view);
            CheckEnd(view);
        }

        Assert.Equal(0, await server.StopAsync());
        await server.DisposeAsync();
    }

    private void Check(Load load, CommittedView view)
    {
        // What was acknowledged before this moment has to be in what is read after it.
        var acknowledged = load.Idempotent.SelectMany(l => l.Snapshot()).ToList();
        var transactions = load.Transactional.Snapshot();
        var reader = load.Reader.Committed.ToArray();
        var groups = GroupOffsets(load.Address);
        var visible = view.Read([.. Partitions()]).ToLookup(r => r.Place.Topic);

        Assert.Empty(load.Failures);
        CheckPlain([.. visible[Plain]], acknowledged);
        CheckTransactional([.. visible[Transactional]], transactions);
        foreach (var worker in (TransformWorker[])[load.Worker, load.SlowWorker])
            CheckTransformed([.. visible[worker.Output]], [.. visible[Plain]], worker, groups);
        foreach (var (partition, offset) in reader)
            Assert.True(groups[(GroupReader.Group, partition)] >= offset, $"The commit of {offset} in {partition} was acknowledged and is lost.");
    }

    private static void CheckPlain(List<(TopicPartitionOffset Place, string Value)> visible, List<(string Value, TopicPartitionOffset Place)> acknowledged)
    {
        var places = visible.ToLookup(r => r.Value, r => r.Place);
        Assert.DoesNotContain(places, p => p.Count() > 1);
        foreach (var (value, place) in acknowledged)
            Assert.Equal(place, Assert.Single(places[value]));
    }

    private static void CheckTransactional(List<(TopicPartitionOffset Place, string Value)> visible, IReadOnlyDictionary<int, bool> decided)
    {
        Assert.Equal(visible.Count, visible.Select(r => r.Value).Distinct().Count());
        var whole = visible.GroupBy(r => int.Parse(r.Value.Split('.')[0])).ToDictionary(g => g.Key, g => g.Count());
        foreach (var (number, committed) in decided)
            Assert.True(whole.ContainsKey(number) == committed, $"Transaction {number} was {(committed ? "committed and is not there" : "rolled back and is visible")}.");

        // A transaction may be committed between the reads of the two partitions: only what was decided before has to be whole.
        Assert.All(decided.Keys.Where(whole.ContainsKey), number => Assert.Equal(TransactionalLoad.RecordsPerTransaction, whole[number]));
    }

    private static void CheckTransformed(
        List<(TopicPartitionOffset Place, string Value)> visible, List<(TopicPartitionOffset Place, string Value)> inputs, TransformWorker worker,
        Dictionary<(string Group, TopicPartition Partition), long> groups)
    {
        var results = visible.Select(r => r.Value.Split('|')).ToList();
        Assert.DoesNotContain(results, r => worker.RolledBack.ContainsKey(int.Parse(r[0])));
        var byInput = results.ToDictionary(r => (int.Parse(r[2]), long.Parse(r[3])), r => r[4]); // throws where one input led to two results
        foreach (var (place, value) in inputs)
        {
            if (groups.TryGetValue((worker.Group, place.TopicPartition), out var next) && place.Offset.Value < next)
                Assert.Equal(value, byInput[(place.Partition.Value, place.Offset.Value)]);
        }
    }

    /// <summary>With nobody writing any more, every transaction is whole and every input has been transformed.</summary>
    private static void CheckEnd(CommittedView view)
    {
        var visible = view.Read([.. Partitions()]).ToLookup(r => r.Place.Topic);
        var transactions = visible[Transactional].GroupBy(r => r.Value.Split('.')[0]);
        Assert.All(transactions, t => Assert.Equal(TransactionalLoad.RecordsPerTransaction, t.Count()));

        foreach (var output in (string[])[Transformed, TransformedSlowly])
        {
            var results = visible[output].Select(r => r.Value.Split('|')).ToList();
            Assert.All(results.GroupBy(r => (Transaction: r[0], Count: int.Parse(r[1]))), t => Assert.Equal(t.Key.Count, t.Count()));
            Assert.Equal(visible[Plain].Select(r => r.Value).Order(), results.Select(r => r[4]).Order());
        }
    }

    /// <summary>The groups' offsets as the server has them; checks that none went back since the last time.</summary>
    private Dictionary<(string Group, TopicPartition Partition), long> GroupOffsets(string address)
    {
        foreach (var (group, topic, partitions) in (ReadOnlySpan<(string, string, int)>)[("transform-worker", Plain, PlainPartitions), ("slow-worker", Plain, PlainPartitions), (GroupReader.Group, Transactional, 2)])
        {
            // A reader of committed records would wait until no transaction has offsets of the group in it, which is hardly ever.
            using var consumer = Clients.Consumer(address, group, isolation: IsolationLevel.ReadUncommitted).Build();
            foreach (var committed in consumer.Committed(Enumerable.Range(0, partitions).Select(p => new TopicPartition(topic, p)), Clients.Patience))
            {
                var key = (group, committed.TopicPartition);
                var before = _groupOffsets.GetValueOrDefault(key, -1);
                var now = committed.Offset.IsSpecial ? -1 : committed.Offset.Value;
                Assert.True(now >= before, $"{group}: {committed.TopicPartition} went back from {before} to {now}.");
                _groupOffsets[key] = now;
            }
        }

        return new(_groupOffsets);
    }

    private static IEnumerable<TopicPartition> Partitions() =>
        new[] { (Topic: Plain, Count: PlainPartitions), (Topic: Transactional, Count: 2), (Topic: Transformed, Count: PlainPartitions), (Topic: TransformedSlowly, Count: PlainPartitions) }
            .SelectMany(t => Enumerable.Range(0, t.Count).Select(p => new TopicPartition(t.Topic, p)));

    private static async Task CreateTopicsAsync(string address)
    {
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = address }).Build();
        await admin.CreateTopicsAsync(Partitions().GroupBy(p => p.Topic).Select(t => new TopicSpecification { Name = t.Key, NumPartitions = t.Count(), ReplicationFactor = 1 }));
    }
}
