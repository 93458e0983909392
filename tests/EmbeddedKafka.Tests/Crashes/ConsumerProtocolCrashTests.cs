using System.Collections.Concurrent;
using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Kappa.Iot.Embedded.Tests.Crashes;

public sealed class ConsumerProtocolCrashTests : IDisposable
{
    private const string Topic = "assigned", Group = "assigned-readers";
    private const int Kills = 6, Partitions = 6;

    private readonly string _data = Directory.CreateTempSubdirectory("embedded-kafka-assigned-").FullName;

    public void Dispose() => Directory.Delete(_data, recursive: true);

    [Fact]
    [Trait("Invariant", "2")]
    public async Task Members_of_the_consumer_protocol_keep_their_partitions_when_the_server_is_killed()
    {
        var server = await ServerProcess.StartAsync(_data, 0);
        var (port, address) = (server.Port, $"127.0.0.1:{server.Port}");
        using var stop = new CancellationTokenSource();
        var (owners, failures) = (new ConcurrentDictionary<int, AssignedReader>(), new ConcurrentQueue<string>());
        var readers = new List<AssignedReader>();
        var tasks = new List<Task>();
        try
        {
            using (var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = address }).Build())
                await admin.CreateTopicsAsync([new TopicSpecification { Name = Topic, NumPartitions = Partitions, ReplicationFactor = 1 }]);
            using var producer = Clients.Producer(address, null, e => failures.Enqueue(e.Reason));
            for (var kill = 0; kill < Kills; kill++)
            {
                // The third comes while the server is about to be killed.
                if (readers.Count < 3)
                {
                    var reader = new AssignedReader(address, Group, Topic, owners, failures);
                    readers.Add(reader);
                    tasks.Add(Clients.Run(() => reader.Run(stop.Token)));
                }

                if (kill is not 2)
                    await EventuallyAsync(() => readers.TrueForAll(r => r.Count == Partitions / readers.Count), () => $"{readers.Count} members share: {string.Join(',', readers.Select(r => r.Count))}");
                await server.KillAsync();
                await server.DisposeAsync();
                server = await ServerProcess.StartAsync(_data, port);
                for (var i = 0; i < 60; i++)
                    await producer.ProduceAsync(new TopicPartition(Topic, i % Partitions), Clients.Message($"{kill}-{i}"), TestContext.Current.CancellationToken);
            }

            await EventuallyAsync(
                () => readers.Sum(r => r.Seen.Count) >= 60 * Kills && readers.SelectMany(r => r.Seen.Keys).Distinct().Count() == 60 * Kills, () => "everything is read");
            await EventuallyAsync(() => readers.TrueForAll(r => r.Count == 2), () => "all share");
            Assert.Empty(failures);
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(tasks);
            await server.DisposeAsync();
        }
    }

    private static async Task EventuallyAsync(Func<bool> condition, Func<string> what)
    {
        for (var end = DateTime.UtcNow + Clients.Patience; !condition();)
        {
            Assert.True(DateTime.UtcNow < end, $"Did not happen: {what()}");
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }
}
