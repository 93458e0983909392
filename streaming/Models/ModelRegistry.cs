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
    /// <summary>One change of what is active at a time: a second writer takes over from the first, which decides anew after it.</summary>
    private const string TransactionalId = "model-registry";

    /// <summary>How often a change gives way to others before it gives up.</summary>
    private const int Tries = 10;

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
        await producer.ProduceAsync(TopicCatalogue.Models.Name, Record(new RegistryEntry { Version = version }), cancel);
    }

    /// <summary>Makes a model the active one of its profile, after checking that all of it is there; the one before is retired.</summary>
    /// <param name="modelId">Which model.</param>
    /// <param name="by">Who decided so.</param>
    /// <param name="at">When.</param>
    /// <param name="cancel">Gives up before anything is changed.</param>
    /// <exception cref="ModelRegistryException">There is no such model, or its bytes are not whole.</exception>
    /// <exception cref="KafkaException">The log refused.</exception>
    public Task<ActiveModel> PromoteAsync(string modelId, string by, DateTimeOffset at, CancellationToken cancel) =>
        PromoteAsync(modelId, new Decision(by, at), cancel);

    /// <inheritdoc cref="PromoteAsync(string, string, DateTimeOffset, CancellationToken)"/>
    public async Task<ActiveModel> PromoteAsync(string modelId, Decision decision, CancellationToken cancel)
    {
        await ReadArtifactAsync(modelId, cancel);
        var now = await ChangeAsync(registry => StageChanges.Promote(registry, modelId, decision), cancel);
        return now.Active[now.Find(modelId).Profile];
    }

    /// <summary>Makes the model active that was so before the present one.</summary>
    /// <exception cref="ModelRegistryException">There is none, or its bytes are not whole; nothing is changed.</exception>
    /// <exception cref="KafkaException">The log refused.</exception>
    public async Task<ActiveModel> RollBackAsync(string profile, Decision decision, CancellationToken cancel)
    {
        // The bytes are checked before the fence, because that takes long; what is written is decided under it.
        var before = await ReadAllAsync(cancel);
        var next = StageChanges.RollBack(before, profile, decision)[^1].Active.ModelId;
        await ReadArtifactAsync(next, cancel);
        var from = before.Active[profile].ModelId;
        var now = await ChangeAsync(registry => registry.Active.GetValueOrDefault(profile)?.ModelId == from
            ? StageChanges.RollBack(registry, profile, decision)
            : throw new ModelRegistryException($"Meanwhile {from} is no longer the active model of profile '{profile}': nothing is rolled back. 'list' shows the models."), cancel);
        return now.Active[profile];
    }

    /// <summary>Gives a model that does not score another stage: on trial, retired, or a candidate again. Any number of a profile's models may be on trial.</summary>
    /// <exception cref="ModelRegistryException">There is no such model, or it is the active one.</exception>
    /// <exception cref="KafkaException">The log refused.</exception>
    public async Task<ModelVersion> MoveAsync(string modelId, ModelStage stage, Decision decision, CancellationToken cancel)
    {
        if (stage == ModelStage.Shadow) await ReadArtifactAsync(modelId, cancel);
        return (await ChangeAsync(registry => StageChanges.Move(registry, modelId, stage, decision), cancel)).Find(modelId);
    }

    /// <summary>An entry of a version's history.</summary>
    /// <param name="stage">What it becomes.</param>
    /// <param name="decision">Who, when and why.</param>
    /// <param name="other">The model it takes over from, or that takes over from it.</param>
    public static StageChange Change(ModelStage stage, Decision decision, string other = "") => new()
    {
        Stage = stage,
        AtMs = decision.At.ToUnixTimeMilliseconds(),
        By = decision.By,
        Account = decision.Account,
        Reason = decision.Reason,
        Forced = decision.Forced,
        OtherModelId = other,
    };

    /// <summary>Writes what a decision changes, all of it or nothing. Where another change comes between, it is decided anew on what that left.</summary>
    /// <returns>The registry after it.</returns>
    private async Task<RegistrySnapshot> ChangeAsync(Func<RegistrySnapshot, IReadOnlyList<RegistryEntry>> decide, CancellationToken cancel)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await TryChangeAsync(decide, cancel);
            }
            catch (KafkaException e) when (e.Error.Code is ErrorCode.Local_Fenced or ErrorCode.ProducerFenced or ErrorCode.InvalidProducerEpoch)
            {
                if (attempt == Tries) throw new ModelRegistryException($"The registry was changed by others {Tries} times while this change was tried; nothing of it was written. Try again.", e);
                // Not in step with the other one.
                await Task.Delay(Random.Shared.Next(50, 500 * attempt), cancel);
            }
        }
    }

    private async Task<RegistrySnapshot> TryChangeAsync(Func<RegistrySnapshot, IReadOnlyList<RegistryEntry>> decide, CancellationToken cancel)
    {
        using var producer = CreateProducer(transactional: true);
        producer.InitTransactions(AnswerWithin);
        // Read after the fence: nobody else changes it until this transaction ends.
        var now = await ReadAllAsync(cancel);
        var entries = decide(now);
        if (entries.Count == 0) return now;
        producer.BeginTransaction();
        try
        {
            foreach (var entry in entries) producer.Produce(TopicCatalogue.Models.Name, Record(entry));
            producer.CommitTransaction(AnswerWithin);
        }
        catch (KafkaException e) when (!e.Error.IsFatal)
        {
            producer.AbortTransaction(AnswerWithin);
            throw;
        }
        foreach (var entry in entries) now.Apply(entry);
        return now;
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
        await ReadArtifactAsync((await ReadAllAsync(cancel)).Find(modelId), cancel);

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

    private static Message<byte[], byte[]> Record(RegistryEntry entry) => new()
    {
        Key = Encoding.UTF8.GetBytes(entry.Active?.Profile ?? entry.Version.ModelId),
        Value = entry.ToByteArray(),
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
