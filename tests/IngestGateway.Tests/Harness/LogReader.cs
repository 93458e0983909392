using System.Text;
using Confluent.Kafka;
using Kappa.Iot.Contracts;

namespace Kappa.Iot.IngestGateway.Tests;

/// <summary>Reads what is on the log.</summary>
internal static class LogReader
{
    /// <summary>Every record of a topic's key, in order; waits until there are <paramref name="atLeast"/>.</summary>
    public static async Task<IReadOnlyList<ConsumeResult<string, byte[]>>> ReadAsync(string bootstrap, string topic, string key, int atLeast, CancellationToken cancel)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(TimeSpan.FromMinutes(1));
        return await Task.Run(() => Read(bootstrap, topic, key, atLeast, patience.Token), CancellationToken.None);
    }

    public static string Header(this ConsumeResult<string, byte[]> record, string name) => Encoding.UTF8.GetString(record.Message.Headers.GetLastBytes(name));

    /// <summary>Boot and sequence of every batch of a vehicle.</summary>
    public static async Task<IReadOnlyList<ulong>> SequencesAsync(string bootstrap, string vin, int atLeast, CancellationToken cancel) =>
        [.. (await ReadAsync(bootstrap, TopicCatalogue.Telemetry.Name, vin, atLeast, cancel)).Select(r => TelemetryBatch.Parser.ParseFrom(r.Message.Value).Sequence)];

    private static List<ConsumeResult<string, byte[]>> Read(string bootstrap, string topic, string key, int atLeast, CancellationToken cancel)
    {
        var config = new ConsumerConfig { BootstrapServers = bootstrap, GroupId = "test-reader", EnableAutoCommit = false, EnablePartitionEof = true };
        using var consumer = new ConsumerBuilder<string, byte[]>(config).SetLogHandler((_, _) => { }).Build();
        using var admin = new DependentAdminClientBuilder(consumer.Handle).Build();
        var partitions = admin.GetMetadata(topic, TimeSpan.FromSeconds(30)).Topics.Single().Partitions.Select(p => p.PartitionId).ToList();
        consumer.Assign(partitions.Select(p => new TopicPartitionOffset(topic, p, Offset.Beginning)));

        var found = new List<ConsumeResult<string, byte[]>>();
        var ended = new HashSet<int>();
        while (found.Count < atLeast || ended.Count < partitions.Count)
        {
            ConsumeResult<string, byte[]> result;
            try
            {
                result = consumer.Consume(cancel);
            }
            catch (OperationCanceledException)
            {
                throw new TimeoutException($"{topic} has {found.Count} records of '{key}' and not {atLeast}.");
            }

            if (result.IsPartitionEOF) ended.Add(result.Partition);
            else if (result.Message.Key == key) found.Add(result);
        }

        return found;
    }
}
