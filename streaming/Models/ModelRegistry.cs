using System.Text;
using Confluent.Kafka;
using Google.Protobuf;
using Kappa.Iot.Contracts;
using Microsoft.Extensions.Logging;

namespace Kappa.Iot.Streaming.Models;

/// <summary>
/// The models on the log: versions and which of them is active in <c>ml.models</c>, their bytes in <c>ml.model-artifacts</c>. A version is
/// written after its bytes, so one that can be seen can be loaded. To follow the registry, read its topic with a <see cref="LogReader"/>
/// into a <see cref="RegistrySnapshot"/>. Each call has clients of its own: calls may run side by side.
/// </summary>
public sealed class ModelRegistry(KafkaOptions kafka, ILogger logger)
{
    /// <summary>One change of what is active at a time: a second writer takes over from the first, whose change then fails.</summary>
    private const string TransactionalId = "model-registry";

    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(30);

    /// <summary>Writes a model: its bytes, then the version with their size and checksum filled in. Returns when the log has all of it.</summary>
    /// <exception cref="ModelRegistryException">There is a model of this id already.</exception>
    /// <exception cref="KafkaException">The log refused.</exception>
    public async Task PublishAsync(ModelVersion version, ReadOnlyMemory<byte> artifact, CancellationToken cancel)
    {
        if ((await ReadAllAsync(cancel)).Versions.ContainsKey(version.ModelId))
            throw new ModelRegistryException($"There is a model '{version.ModelId}' already; a model is never written over.");
        version = version.Clone();
        version.Artifact = ArtifactChunks.Describe(artifact.Span);

        using var producer = CreateProducer(transactional: false);
        for (var chunk = 0; chunk < version.Artifact.Chunks; chunk++)
        {
            await producer.ProduceAsync(TopicCatalogue.ModelArtifacts.Name, new Message<byte[], byte[]>
            {
                Key = ArtifactChunks.Key(version.ModelId, chunk),
                Value = ArtifactChunks.Chunk(artifact, chunk).ToArray(),
            }, cancel);
        }
        await producer.ProduceAsync(TopicCatalogue.Models.Name, Record(version), cancel);
    }

    /// <summary>Makes a model the active one of its profile, after checking that all of it is there; the one before is retired.</summary>
    /// <param name="modelId">Which model.</param>
    /// <param name="by">Who decided so.</param>
    /// <param name="at">When.</param>
    /// <param name="cancel">Gives up before anything is changed.</param>
    /// <exception cref="ModelRegistryException">There is no such model, or its bytes are not whole.</exception>
    /// <exception cref="KafkaException">The log refused, or another promotion came between.</exception>
    public async Task<ActiveModel> PromoteAsync(string modelId, string by, DateTimeOffset at, CancellationToken cancel)
    {
        await ReadArtifactAsync(modelId, cancel);
        using var producer = CreateProducer(transactional: true);
        producer.InitTransactions(AnswerWithin);
        // Read after the fence: nobody else changes it until this transaction ends.
        var now = await ReadAllAsync(cancel);
        var version = Find(now, modelId);
        var before = now.Active.GetValueOrDefault(version.Profile);
        if (before?.ModelId == modelId) return before;

        var active = new ActiveModel
        {
            Profile = version.Profile,
            ModelId = modelId,
            PreviousModelId = before?.ModelId ?? "",
            PromotedAtMs = at.ToUnixTimeMilliseconds(),
            PromotedBy = by,
        };
        producer.BeginTransaction();
        try
        {
            if (before is not null && now.Versions.TryGetValue(before.ModelId, out var previous))
                producer.Produce(TopicCatalogue.Models.Name, Record(WithStage(previous, ModelStage.Retired)));
            producer.Produce(TopicCatalogue.Models.Name, Record(WithStage(version, ModelStage.ActiveStage)));
            producer.Produce(TopicCatalogue.Models.Name, new Message<byte[], byte[]>
            {
                Key = Encoding.UTF8.GetBytes(active.Profile),
                Value = new RegistryEntry { Active = active }.ToByteArray(),
            });
            producer.CommitTransaction(AnswerWithin);
        }
        catch (KafkaException e) when (!e.Error.IsFatal)
        {
            producer.AbortTransaction(AnswerWithin);
            throw;
        }
        return active;
    }

    /// <summary>The registry as it is now.</summary>
    public async Task<RegistrySnapshot> ReadAllAsync(CancellationToken cancel)
    {
        var snapshot = new RegistrySnapshot();
        await ReadTopicAsync(TopicCatalogue.Models.Name, snapshot.Apply, cancel);
        return snapshot;
    }

    /// <summary>A model's bytes, checked against the size and checksum they were published with.</summary>
    /// <exception cref="ModelRegistryException">There is no such model, or its bytes are not whole.</exception>
    public async Task<byte[]> ReadArtifactAsync(string modelId, CancellationToken cancel) =>
        await ReadArtifactAsync(Find(await ReadAllAsync(cancel), modelId), cancel);

    /// <summary>The bytes of a version that is known already, checked against its size and checksum.</summary>
    /// <exception cref="ModelRegistryException">Its bytes are not whole.</exception>
    public async Task<byte[]> ReadArtifactAsync(ModelVersion version, CancellationToken cancel)
    {
        var wanted = Enumerable.Range(0, (int)version.Artifact.Chunks).Select(chunk => $"{version.ModelId}/{chunk}").ToHashSet(StringComparer.Ordinal);
        var chunks = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        await ReadTopicAsync(TopicCatalogue.ModelArtifacts.Name, record =>
        {
            var key = Encoding.UTF8.GetString(record.Message.Key ?? []);
            if (!wanted.Contains(key)) return;
            if (record.Message.Value is { } bytes) chunks[key] = bytes;
            else chunks.Remove(key);
        }, cancel);
        return ArtifactChunks.Join(version, chunks);
    }

    private static ModelVersion Find(RegistrySnapshot registry, string modelId) => registry.Versions.TryGetValue(modelId, out var version)
        ? version
        : throw new ModelRegistryException($"There is no model '{modelId}' in the registry ({(registry.Versions.Count == 0 ? "it is empty" : $"it has {registry.Versions.Count} models")}). 'list' shows them.");

    private static ModelVersion WithStage(ModelVersion version, ModelStage stage)
    {
        var copy = version.Clone();
        copy.Stage = stage;
        return copy;
    }

    private static Message<byte[], byte[]> Record(ModelVersion version) => new()
    {
        Key = Encoding.UTF8.GetBytes(version.ModelId),
        Value = new RegistryEntry { Version = version }.ToByteArray(),
    };

    private async Task ReadTopicAsync(string topic, Action<ConsumeResult<byte[], byte[]>> take, CancellationToken cancel)
    {
        var reader = new LogReader(kafka, "model-registry", logger);
        var ranges = await reader.FindAsync(topic, LogStart.Beginning, cancel);
        await reader.ReadAsync(ranges, (records, _) =>
        {
            foreach (var record in records) take(record);
            return ValueTask.CompletedTask;
        }, cancel);
    }

    private IProducer<byte[], byte[]> CreateProducer(bool transactional)
    {
        var config = new ProducerConfig(kafka.ToClientConfig("model-registry"))
        {
            Acks = Acks.All,
            EnableIdempotence = true,
            CompressionType = CompressionType.None, // artifacts are compressed already
            MessageTimeoutMs = (int)AnswerWithin.TotalMilliseconds,
        };
        if (transactional)
        {
            config.TransactionalId = TransactionalId;
            config.TransactionTimeoutMs = (int)AnswerWithin.TotalMilliseconds;
        }
        return new ProducerBuilder<byte[], byte[]>(config).LogTo(logger).Build();
    }
}
