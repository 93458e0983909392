using System.Diagnostics.CodeAnalysis;

namespace Kappa.Iot.AlertApi.Changes;

/// <summary>
/// The newest value of every key, in the order in which they changed. A reader keeps nothing but the version it has seen and asks for
/// what came after: however slow it is, it costs no memory, and it misses nothing but values that were replaced meanwhile.
/// </summary>
/// <param name="capacity">Keys kept; the one that has not changed for longest goes first.</param>
public sealed class ChangeLog<TKey, TValue>(int capacity = int.MaxValue)
    where TKey : notnull
    where TValue : class
{
    private readonly Lock _gate = new();
    private readonly Dictionary<TKey, LinkedListNode<Entry>> _byKey = [];
    private readonly LinkedList<Entry> _byVersion = [];
    private TaskCompletionSource? _waiting;
    private long _version;

    /// <summary>Rises by one with every change; 0 before the first.</summary>
    public long Version
    {
        get { lock (_gate) return _version; }
    }

    public int Count
    {
        get { lock (_gate) return _byKey.Count; }
    }

    /// <summary>How many values fit.</summary>
    public int CountWhere(Func<TValue, bool> fits)
    {
        lock (_gate) return _byVersion.Count(entry => fits(entry.Value));
    }

    public bool TryFind(TKey key, [NotNullWhen(true)] out TValue? value)
    {
        lock (_gate)
        {
            value = _byKey.TryGetValue(key, out var node) ? node.Value.Value : null;
            return value is not null;
        }
    }

    /// <summary>Replaces a key's value; <paramref name="change"/> gets the old one (null: there is none) and the new version, and returns the new
    /// one, or the old one where nothing changed, or null to take no key in.</summary>
    /// <returns>True where the value changed.</returns>
    public bool Update(TKey key, Func<TValue?, long, TValue?> change)
    {
        TaskCompletionSource? waiting;
        lock (_gate)
        {
            var node = _byKey.GetValueOrDefault(key);
            var old = node?.Value.Value;
            var value = change(old, _version + 1);
            if (value is null || ReferenceEquals(value, old)) return false;

            var entry = new Entry(key, value, ++_version);
            if (node is null)
            {
                _byKey[key] = _byVersion.AddLast(entry);
                if (_byKey.Count > capacity) RemoveLocked(_byVersion.First!);
            }
            else
            {
                node.Value = entry;
                _byVersion.Remove(node);
                _byVersion.AddLast(node);
            }

            waiting = _waiting;
            _waiting = null;
        }

        waiting?.SetResult();
        return true;
    }

    /// <summary>Forgets a key. Readers are not told.</summary>
    public void Forget(TKey key)
    {
        lock (_gate)
        {
            if (_byKey.TryGetValue(key, out var node)) RemoveLocked(node);
        }
    }

    /// <summary>What changed after a version, oldest change first, and the version that the answer stands for.</summary>
    public Changes<TValue> Since(long version)
    {
        lock (_gate)
        {
            if (version >= _version) return new([], _version);
            var values = new List<TValue>();
            for (var node = _byVersion.Last; node is not null && node.Value.Version > version; node = node.Previous)
                values.Add(node.Value.Value);
            values.Reverse();
            return new(values, _version);
        }
    }

    /// <summary>Completes when there is a change after a version.</summary>
    public Task WhenChangedAfter(long version)
    {
        lock (_gate)
        {
            if (_version > version) return Task.CompletedTask;
            _waiting ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
            return _waiting.Task;
        }
    }

    private void RemoveLocked(LinkedListNode<Entry> node)
    {
        _byKey.Remove(node.Value.Key);
        _byVersion.Remove(node);
    }

    private readonly record struct Entry(TKey Key, TValue Value, long Version);
}
