using System.Text;
using Confluent.Kafka;
using Google.Protobuf;
using Kappa.Iot.Contracts;
using Kappa.Iot.Streaming;

namespace Kappa.Iot.ScoringService;

/// <summary>Which generations there are and what they were made of: the records of <c>scoring.generations</c>.</summary>
internal sealed class GenerationRegistry(KafkaOptions kafka, ILogger logger)
{
    private static readonly string Topic = TopicCatalogue.Generations.Name;

    public async Task<IReadOnlyDictionary<string, Generation>> ReadAllAsync(CancellationToken cancel)
    {
        var found = new Dictionary<string, Generation>(StringComparer.Ordinal);
        var reader = new LogReader(kafka, "generations", logger);
        await reader.ReadAsync(await reader.FindAsync(Topic, LogStart.Beginning, cancel), (records, _) =>
        {
            foreach (var record in records)
            {
                var name = Encoding.UTF8.GetString(record.Message.Key ?? []);
                if (record.Message.Value is { } value) found[name] = Parse(record, value);
                else found.Remove(name);
            }

            return ValueTask.CompletedTask;
        }, cancel);
        return found;
    }

    /// <exception cref="ProduceException{TKey,TValue}">The log refused.</exception>
    public Task WriteAsync(Generation generation, CancellationToken cancel) => WriteAsync(generation.Name, generation.ToByteArray(), cancel);

    public Task RemoveAsync(string name, CancellationToken cancel) => WriteAsync(name, null, cancel);

    private async Task WriteAsync(string name, byte[]? value, CancellationToken cancel)
    {
        using var producer = new ProducerBuilder<byte[], byte[]>(new ProducerConfig(kafka.ToClientConfig("generations")) { Acks = Acks.All, EnableIdempotence = true })
            .SetErrorHandler((_, _) => { }).SetLogHandler((_, _) => { }).Build();
        await producer.ProduceAsync(Topic, new Message<byte[], byte[]> { Key = Encoding.UTF8.GetBytes(name), Value = value! }, cancel);
    }

    private static Generation Parse(ConsumeResult<byte[], byte[]> record, byte[] value)
    {
        try
        {
            return Generation.Parser.ParseFrom(value);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new InvalidDataException($"The record at offset {record.Offset.Value} of {Topic} describes no generation.", e);
        }
    }
}
