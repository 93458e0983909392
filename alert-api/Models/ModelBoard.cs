using System.Collections.Concurrent;
using Kappa.Iot.Contracts;

namespace Kappa.Iot.AlertApi.Models;

/// <summary>The model registry: a fold of ml.models.</summary>
public sealed class ModelBoard
{
    private readonly ConcurrentDictionary<string, ModelVersion> _versions = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, ActiveModel> _active = new(StringComparer.Ordinal);
    private long _changes;

    /// <summary>Rises with every change.</summary>
    public long Version => Volatile.Read(ref _changes);

    /// <summary>Takes a record of ml.models.</summary>
    /// <param name="key">Model id or profile.</param>
    /// <param name="entry">Null for a tombstone.</param>
    public void Apply(string key, RegistryEntry? entry)
    {
        switch (entry?.EntryCase)
        {
            case RegistryEntry.EntryOneofCase.Version:
                _versions[key] = entry.Version;
                break;
            case RegistryEntry.EntryOneofCase.Active:
                _active[key] = entry.Active;
                break;
            default:
                _versions.TryRemove(key, out _);
                _active.TryRemove(key, out _);
                break;
        }

        Interlocked.Increment(ref _changes);
    }

    /// <summary>All versions, active ones first, then the newest first.</summary>
    public IReadOnlyList<ModelDocument> List() =>
    [
        .. _versions.Values
            .Select(version => ModelDocument.From(version, _active.GetValueOrDefault(version.Profile)))
            .OrderByDescending(model => model.Active).ThenByDescending(model => model.CreatedAt),
    ];
}
