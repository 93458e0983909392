using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.ExceptionServices;
using Kappa.Iot.Embedded.Log;
using Kappa.Iot.Embedded.Protocol;
using Microsoft.Extensions.Logging;

namespace Kappa.Iot.Embedded.Topics;

/// <summary>All topics, as folders under <c>topics/</c>. Changes go through one lock; readers never wait.</summary>
internal sealed partial class TopicRegistry : IDisposable
{
    /// <summary>Of one topic.</summary>
    public const int MaxPartitions = 10_000;

    /// <summary>A folder's name has 255 bytes on most file systems, and a topic's up to 249.</summary>
    private const int MaxNameInFolder = 240;

    private readonly Lock _changes = new();
    private readonly ConcurrentDictionary<string, Topic> _topics = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<Guid, string> _names = new();
    private readonly string _root;
    private readonly string _trash;
    private readonly TimeProvider _time;
    private readonly bool _flush;
    private readonly ILogger _logger;
    private readonly ProducerLimit _producers;
    private readonly int _maxPartitions;
    private long _version;

    public TopicRegistry(
        string dataDirectory, TimeProvider time, bool flush, ILogger logger, int maxProducers = int.MaxValue, int maxPartitions = int.MaxValue)
    {
        _root = Path.Combine(dataDirectory, "topics");
        _trash = Path.Combine(dataDirectory, "deleted");
        _time = time;
        _flush = flush;
        _logger = logger;
        _producers = new ProducerLimit(maxProducers);
        _maxPartitions = maxPartitions;
        Directory.CreateDirectory(_root);

        // The folder itself stays: so deleting a topic needs no room on the disk.
        Directory.CreateDirectory(_trash);
        foreach (var away in Directory.GetDirectories(_trash))
            Remove(away);
    }

    public IEnumerable<Topic> All => _topics.Values;

    /// <summary>Another one after every topic that came or went, and every partition that was added.</summary>
    public long Version => Interlocked.Read(ref _version);

    /// <summary>Opens every topic there is, and makes the internal ones.</summary>
    public void Open()
    {
        try
        {
            Parallel.ForEach(Directory.GetDirectories(_root), Open);
        }
        catch (AggregateException several)
        {
            // One folder that cannot be opened is enough to stop; the next start names the next.
            ExceptionDispatchInfo.Throw(several.InnerExceptions[0]);
        }

        if (_producers.IsReached)
            ForgetProducers();
        foreach (var name in (string[])[InternalTopics.Offsets, InternalTopics.Transactions])
        {
            if (Find(name) is null)
                Create(name, 1, InternalTopics.Config);
        }
    }

    /// <exception cref="InvalidDataException">It is not what this server leaves in such a folder.</exception>
    private void Open(string directory)
    {
        if (!File.Exists(Path.Combine(directory, TopicFile.FileName)))
        {
            // A topic gets its file before its partitions. One whose creation was cut short has neither, and nobody was told that it exists.
            if (Directory.EnumerateFileSystemEntries(directory).Any(entry => !entry.EndsWith(".tmp", StringComparison.Ordinal)))
                throw new InvalidDataException($"{directory} holds partitions but no {TopicFile.FileName}: bring the file back, or move the folder away to go on without the topic.");
            Directory.Delete(directory, recursive: true);
            return;
        }

        var file = TopicFile.Load(directory);
        var (config, error) = TopicConfig.Create(file.Config);
        if (config is null)
            throw new InvalidDataException($"{Path.Combine(directory, TopicFile.FileName)}: {error}");
        var topic = new Topic(file.Name, file.Id, directory, config, []);
        if (!_topics.TryAdd(file.Name, topic))
            throw new InvalidDataException($"{_topics[file.Name].Directory} and {directory} both hold the topic '{file.Name}': move the one that is not wanted away.");
        _names[file.Id] = file.Name;
        _topics[file.Name] = topic with { Partitions = OpenPartitions(file.Name, directory, config, 0, file.Partitions) };
    }

    public Topic? Find(string name) => _topics.GetValueOrDefault(name);

    public Topic? Find(Guid id) => _names.TryGetValue(id, out var name) && Find(name) is { } topic && topic.Id == id ? topic : null;

    public PartitionLog? FindPartition(string topic, int partition) => Find(topic)?.Partition(partition);

    /// <summary>Whether all topics together may have so many partitions more. The server's own two may always be made.</summary>
    public bool HasRoom(int partitions) => partitions <= _maxPartitions - _topics.Values.Where(t => !t.IsInternal).Sum(t => t.Partitions.Count);

    /// <returns>The new topic, or null if the name is taken or there is no room for it.</returns>
    public Topic? Create(string name, int partitions, TopicConfig config)
    {
        lock (_changes)
        {
            if (_topics.ContainsKey(name) || FindCollision(name) is not null || !(name is InternalTopics.Offsets or InternalTopics.Transactions || HasRoom(partitions)))
                return null;

            var id = Guid.NewGuid();

            // The id keeps a re-created topic, or one that differs in upper and lower case only, apart from its namesake.
            var directory = Path.Combine(_root, $"{name[..Math.Min(name.Length, MaxNameInFolder)]}-{id.ToString("N")[..8]}");
            Directory.CreateDirectory(directory);
            try
            {
                new TopicFile(name, id, partitions, config.Values).Save(directory);
                Disk.FlushDirectory(_root);
            }
            catch
            {
                Directory.Delete(directory, recursive: true);
                throw;
            }

            _names[id] = name;
            var topic = _topics[name] = new Topic(name, id, directory, config, OpenPartitions(name, directory, config, 0, partitions));
            Interlocked.Increment(ref _version);
            return topic;
        }
    }

    /// <returns>False if there is no such topic.</returns>
    public bool Delete(string name)
    {
        string away;
        lock (_changes)
        {
            if (Find(name) is not { } topic)
                return false;

            // First out of the next start's sight in one step, then out of service, then away: neither a crash nor a disk that fails leaves half a topic.
            Directory.CreateDirectory(_trash);
            away = Path.Combine(_trash, Path.GetFileName(topic.Directory));
            Directory.Move(topic.Directory, away);
            _topics.TryRemove(name, out _);
            _names.TryRemove(topic.Id, out _);
            Interlocked.Increment(ref _version);
            foreach (var partition in topic.Partitions)
                partition.MarkDeleted();
        }

        // Thousands of folders and large files take a while, and nobody else has to wait for it.
        Remove(away);
        return true;
    }

    /// <summary>Removes a deleted topic's folder. What cannot be removed now is tried again at the next start.</summary>
    private void Remove(string away)
    {
        try
        {
            // A partition's first batch, between the move and the end of its service, makes the folder anew.
            var remade = Path.Combine(_root, Path.GetFileName(away));
            if (Directory.Exists(remade) && !File.Exists(Path.Combine(remade, TopicFile.FileName)))
                Directory.Delete(remade, recursive: true);
            Directory.Delete(away, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogNotRemoved(away, e.Message);
        }
    }

    public ErrorCode AddPartitions(string name, int count)
    {
        lock (_changes)
        {
            if (Find(name) is not { } topic)
                return ErrorCode.UnknownTopicOrPartition;
            if (count <= topic.Partitions.Count || count > MaxPartitions)
                return ErrorCode.InvalidPartitions;
            if (!HasRoom(count - topic.Partitions.Count))
                return ErrorCode.PolicyViolation;

            new TopicFile(name, topic.Id, count, topic.Config.Values).Save(topic.Directory);
            var added = OpenPartitions(name, topic.Directory, topic.Config, topic.Partitions.Count, count);
            _topics[name] = topic with { Partitions = [.. topic.Partitions, .. added] };
            Interlocked.Increment(ref _version);
            return ErrorCode.None;
        }
    }

    /// <summary>Computes a topic's new settings from its old ones, checks them, and (unless <paramref name="validateOnly"/>) puts them in force.</summary>
    public (ErrorCode Error, string? Message) SetConfig(string name, bool validateOnly, Func<TopicConfig, IEnumerable<KeyValuePair<string, string>>> change)
    {
        lock (_changes)
        {
            if (Find(name) is not { } topic)
                return (ErrorCode.UnknownTopicOrPartition, $"There is no topic '{name}'.");
            var (config, error) = TopicConfig.Create(change(topic.Config));
            if (config is null)
                return (ErrorCode.InvalidConfig, error);
            if (topic.IsInternal && config.Settings is not { Compact: true, Delete: false })
                return (ErrorCode.InvalidConfig, $"The server's own state is in '{name}': its cleanup.policy has to be compact.");
            if (validateOnly)
                return (ErrorCode.None, null);
            new TopicFile(name, topic.Id, topic.Partitions.Count, config.Values).Save(topic.Directory);
            foreach (var partition in topic.Partitions)
                partition.Settings = config.Settings;
            _topics[name] = topic with { Config = config };
            return (ErrorCode.None, null);
        }
    }

    /// <summary>
    /// Makes room for new producers before there is none: those go that have been silent for longest in any partition, but none with an open transaction.
    /// </summary>
    public void ForgetProducers()
    {
        var excess = _producers.Excess;
        if (excess == 0)
            return;

        var logs = _topics.Values.SelectMany(t => t.Partitions).ToList();
        var lastSeen = logs.SelectMany(log => log.ReadProducers(static states => states.Idle.Select(p => p.LastSeen).ToList())).Order().Take(excess).LastOrDefault();
        var forgotten = 0;
        foreach (var log in logs)
            forgotten += log.ForgetProducers(lastSeen, excess - forgotten);
        LogProducersForgotten(forgotten, _producers.Count);
    }

    /// <summary>Closes all logs so that the next start need not read them.</summary>
    public void Close(bool checkpoint) =>
        Parallel.ForEach(_topics.Values.SelectMany(t => t.Partitions), partition =>
        {
            try
            {
                partition.Close(checkpoint);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                LogNoCheckpoint(partition.Name, e.Message);
            }
        });

    public void Dispose() => Close(checkpoint: false);

    /// <returns>What is wrong with a topic's name, or null.</returns>
    public static string? CheckName(string name)
    {
        if (name.Length is 0 or > 249 || name is "." or "..")
            return $"Topic name '{name}' is illegal: it must have 1 to 249 characters and must not be '.' or '..'.";
        return name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-')
            ? null
            : $"Topic name '{name}' is illegal: only ASCII letters, digits, '.', '_' and '-' are allowed.";
    }

    /// <returns>A topic whose name differs in '.' and '_' only, as Kafka has it, or null.</returns>
    public string? FindCollision(string name) => name.AsSpan().ContainsAny('.', '_')
        ? _topics.Keys.FirstOrDefault(other => other != name && other.Length == name.Length && other.Replace('.', '_') == name.Replace('.', '_'))
        : null;

    private List<PartitionLog> OpenPartitions(string topic, string directory, TopicConfig config, int from, int to)
    {
        var partitions = new List<PartitionLog>(to - from);
        try
        {
            for (var i = from; i < to; i++)
                partitions.Add(OpenPartition(topic, directory, config, i));
            return partitions;
        }
        catch
        {
            partitions.ForEach(p => p.Dispose());
            throw;
        }
    }

    private PartitionLog OpenPartition(string topic, string directory, TopicConfig config, int number)
    {
        var folder = Path.Combine(directory, number.ToString(CultureInfo.InvariantCulture));
        var log = PartitionLog.Open($"{topic}-{number}", folder, config.Settings, _time, _flush, _producers);
        log.Unreadable = (offset, reason) => LogUnreadable(log.Name, offset, reason);
        if (log.CutBytes > 0)
            LogCutTail(log.Name, log.CutBytes, log.EndOffset);
        if (log.Aside > 0)
            LogAside(log.Aside, folder);
        return log;
    }
}
