using System.Text;
using Confluent.Kafka;
using Google.Protobuf;
using Kappa.Iot.Contracts;
using Kappa.Iot.Streaming;

namespace Kappa.Iot.ScoringService;

/// <summary>
/// Puts a generation's alerts in the place of the live ones that everybody follows. All changes and the note that they were made are one
/// transaction: killed at any moment, nothing has changed or everything has, and the next attempt does it or finds it done.
/// </summary>
internal sealed class Cutover(KafkaOptions kafka, ScoringOptions live, TimeProvider time, ILogger logger)
{
    private const int Tries = 10;
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(30);

    /// <returns>How many alerts were replaced or taken back; null where the generation was cut over already.</returns>
    /// <exception cref="CommandException">There is no such generation, it is not complete, or others changed the same alerts all the time.</exception>
    /// <exception cref="KafkaException">The log refused; nothing has changed.</exception>
    public async Task<(int Replaced, int TakenBack)?> RunAsync(string name, CancellationToken cancel)
    {
        using var producer = new ProducerBuilder<byte[], byte[]>(new ProducerConfig(kafka.ToClientConfig("cutover"))
        {
            TransactionalId = $"{live.GroupId}-cutover",
            TransactionTimeoutMs = (int)(2 * AnswerWithin).TotalMilliseconds,
            EnableIdempotence = true,
            Acks = Acks.All,
            EnableDeliveryReports = false, // a record that cannot be written fails the commit
        }).SetErrorHandler((_, _) => { }).SetLogHandler((_, _) => { }).Build();
        producer.InitTransactions(AnswerWithin); // ends what an attempt that died left open
        for (var attempt = 0; attempt < Tries; attempt++)
        {
            var generation = await FindAsync(name, cancel);
            if (generation.CutOverAtMs > 0) return null;
            var (stands, read) = await ReadAsync(live.Topics.Alerts, cancel);
            var (wanted, _) = await ReadAsync(new GenerationNames(name, live).Alerts, cancel);
            var changes = CutoverPlan.Changes(Newest(stands), Newest(wanted), generation.FromMs, generation.ToMs).ToList();
            // The live scorer goes on meanwhile. What it says of these alerts in the moment between here and the commit is written over, until it says the next.
            var since = await ReadAsync(await SinceAsync(read, cancel), cancel);
            if (changes.Any(change => since.ContainsKey(change.Key))) continue;

            producer.BeginTransaction();
            try
            {
                Write(producer, changes, stands, wanted, generation);
                producer.CommitTransaction(AnswerWithin);
                return (changes.Count(change => change.Alert is not null), changes.Count(change => change.Alert is null));
            }
            catch (KafkaException e) when (!e.Error.IsFatal)
            {
                producer.AbortTransaction(AnswerWithin);
                throw;
            }
        }

        throw new CommandException($"The live scorer changed the same alerts {Tries} times while generation {name} was to take their place; nothing has changed. Choose a range that ends earlier, or try again.");
    }

    private async Task<Generation> FindAsync(string name, CancellationToken cancel)
    {
        if (!(await new GenerationRegistry(kafka, logger).ReadAllAsync(cancel)).TryGetValue(name, out var generation))
            throw new CommandException($"There is no generation '{name}'. 'generations' shows them.");
        if (generation.Discarding) throw new CommandException($"Generation {name} is being discarded.");
        if (generation.FinishedAtMs == 0) throw new CommandException($"Generation {name} is not complete: 'reprocess --generation {name}' continues it.");
        return generation;
    }

    private void Write(
        IProducer<byte[], byte[]> producer, List<(string Key, Alert? Alert)> changes, Dictionary<string, Stored> stands, Dictionary<string, Stored> wanted, Generation generation)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        foreach (var (key, alert) in changes)
        {
            if (alert is not null) alert.WrittenAtMs = now;
            var partition = (stands.GetValueOrDefault(key) ?? wanted[key]).Partition;
            producer.Produce(new TopicPartition(live.Topics.Alerts, partition), new Message<byte[], byte[]> { Key = Encoding.UTF8.GetBytes(key), Value = alert?.ToByteArray()! });
        }

        generation.CutOverAtMs = now;
        producer.Produce(TopicCatalogue.Generations.Name, new Message<byte[], byte[]> { Key = Encoding.UTF8.GetBytes(generation.Name), Value = generation.ToByteArray() });
    }

    private async Task<(Dictionary<string, Stored> Newest, IReadOnlyList<LogRange> Read)> ReadAsync(string topic, CancellationToken cancel)
    {
        var ranges = await new LogReader(kafka, "cutover", logger).FindAsync(topic, LogStart.Beginning, cancel);
        return (await ReadAsync(ranges, cancel), ranges);
    }

    private async Task<Dictionary<string, Stored>> ReadAsync(IReadOnlyList<LogRange> ranges, CancellationToken cancel)
    {
        var found = new Dictionary<string, Stored>(StringComparer.Ordinal);
        await new LogReader(kafka, "cutover", logger).ReadAsync(ranges, (records, _) =>
        {
            foreach (var record in records) found[Encoding.UTF8.GetString(record.Message.Key ?? [])] = new(record.Partition, record.Message.Value);
            return ValueTask.CompletedTask;
        }, cancel);
        return found;
    }

    /// <summary>What came after stretches that were read.</summary>
    private async Task<IReadOnlyList<LogRange>> SinceAsync(IReadOnlyList<LogRange> read, CancellationToken cancel) =>
        [.. (await new LogReader(kafka, "cutover", logger).FindAsync(live.Topics.Alerts, LogStart.Beginning, cancel))
            .Join(read, now => now.Partition, before => before.Partition, (now, before) => now with { From = before.To })];

    private static Dictionary<string, Alert> Newest(Dictionary<string, Stored> stored) =>
        stored.Where(record => record.Value.Value is not null).ToDictionary(record => record.Key, record => Alert.Parser.ParseFrom(record.Value.Value), StringComparer.Ordinal);

    private sealed record Stored(Partition Partition, byte[]? Value);
}
