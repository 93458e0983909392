using System.Text;
using Confluent.Kafka;
using Google.Protobuf;
using Kappa.Iot.Contracts;

namespace Kappa.Iot.Streaming.Models;

/// <summary>The registry as far as it has been read: a fold of the records of <c>ml.models</c>. For one thread at a time.</summary>
public sealed class RegistrySnapshot
{
    private readonly Dictionary<string, ModelVersion> _versions = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ActiveModel> _active = new(StringComparer.Ordinal);

    /// <summary>Model versions by id.</summary>
    public IReadOnlyDictionary<string, ModelVersion> Versions => _versions;

    /// <summary>The model that scores, by profile.</summary>
    public IReadOnlyDictionary<string, ActiveModel> Active => _active;

    /// <summary>Takes the next record of the topic; one without a value takes back what had its key.</summary>
    /// <exception cref="ModelRegistryException">The record is none of the registry's.</exception>
    public void Apply(ConsumeResult<byte[], byte[]> record)
    {
        var key = Encoding.UTF8.GetString(record.Message.Key ?? []);
        if (record.Message.Value is null)
        {
            _versions.Remove(key);
            _active.Remove(key);
            return;
        }
        Apply(Parse(record));
    }

    /// <summary>A model of the registry.</summary>
    /// <exception cref="ModelRegistryException">There is no such model.</exception>
    public ModelVersion Find(string modelId) => _versions.TryGetValue(modelId, out var version)
        ? version
        : throw new ModelRegistryException($"There is no model '{modelId}' in the registry ({(_versions.Count == 0 ? "it is empty" : $"it has {_versions.Count} models")}). 'list' shows them.");

    internal void Apply(RegistryEntry entry)
    {
        switch (entry.EntryCase)
        {
            case RegistryEntry.EntryOneofCase.Version: _versions[entry.Version.ModelId] = entry.Version; break;
            case RegistryEntry.EntryOneofCase.Active: _active[entry.Active.Profile] = entry.Active; break;
            case RegistryEntry.EntryOneofCase.None:
            default: break; // a kind of entry that a later version writes
        }
    }

    private static RegistryEntry Parse(ConsumeResult<byte[], byte[]> record)
    {
        try
        {
            return RegistryEntry.Parser.ParseFrom(record.Message.Value);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new ModelRegistryException($"The record at offset {record.Offset} of {record.Topic} is not an entry of the model registry.", e);
        }
    }
}
