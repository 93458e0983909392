using System.Collections.Concurrent;
using Kappa.Iot.Embedded.Log;
using Kappa.Iot.Embedded.Protocol;
using Kappa.Iot.Embedded.Topics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kappa.Iot.Embedded.Groups;

/// <summary>All consumer groups. What they must not forget is in the offsets topic before anybody is told.</summary>
internal sealed partial class GroupCoordinator(
    TopicRegistry topics, TimeProvider time, int maxMembers = int.MaxValue, long maxMemory = long.MaxValue, ILogger? logger = null, ConsumerTiming? timing = null)
{
    public const int MaxMetadataLength = 4096;

    /// <summary>Characters of any name that a client gives: what is stored has to fit into answers and records, which hold 32,767 bytes.</summary>
    public const int MaxNameLength = 4096;

    private readonly ConcurrentDictionary<string, Group> _groups = new(StringComparer.Ordinal);
    private readonly ILogger _logger = logger ?? NullLogger.Instance;
    private long _size;

    public IEnumerable<Group> All => _groups.Values;

    private PartitionLog Log => topics.FindPartition(InternalTopics.Offsets, 0)
        ?? throw new InvalidOperationException($"{InternalTopics.Offsets} is missing.");

    public Group? Find(string groupId) => _groups.GetValueOrDefault(groupId);

    public Group GetOrAdd(string groupId)
    {
        while (true)
        {
            var group = _groups.GetOrAdd(groupId, id => new Group(id, time, maxMembers) { Persist = PersistMembers });
            if (group.State != GroupState.Dead)
                return group;
            _groups.TryRemove(KeyValuePair.Create(groupId, group));
        }
    }

    /// <summary>Whether the groups may grow by <paramref name="bytes"/>. That they do counts at once, what they give back from the next measurement on.</summary>
    public bool HasRoom(long bytes) => Interlocked.Add(ref _size, bytes) <= maxMemory;

    /// <summary>Finds out how many bytes all groups take.</summary>
    public void Measure()
    {
        var size = 0L;
        foreach (var group in _groups.Values)
        {
            lock (group.Lock)
                size += group.Size;
        }

        Interlocked.Exchange(ref _size, size);
    }

    /// <summary>Reads the groups back from the log.</summary>
    public void Load()
    {
        // Where offsets were forgotten while a transaction was open: that goes for what it had committed before, too.
        var stable = Log.LastStableOffset;
        var forgotten = new Dictionary<(string Group, TopicPartition Partition), long>();
        var consumers = new Dictionary<string, StoredConsumers>();
        foreach (var (_, record) in Log.ReadCommitted())
        {
            if (record.Key is not { } keyBytes || GroupRecords.ReadKey(keyBytes) is not { } key)
                continue;
            var group = GetOrAdd(key.Group);
            if (key.Partition is { } partition)
            {
                if (record.Value is { } value)
                {
                    group.Offsets[partition] = GroupRecords.ReadOffset(value, record.Offset);
                }
                else
                {
                    group.Offsets.Remove(partition);
                    if (record.Offset > stable)
                        forgotten[(key.Group, partition)] = record.Offset;
                }
            }
            else if (key.Kind != GroupRecordKind.Group)
            {
                Read(key, record, consumers);
            }
            else if (record.Value is { } value)
            {
                GroupRecords.ReadGroup(value, group);
                consumers.Remove(key.Group);
            }
            else
            {
                group.Restore(0, null, null, null, []);
            }
        }

        Restore(consumers);

        foreach (var (header, record) in Log.ReadPending())
        {
            if (record is { Key: { } key, Value: { } value } && GroupRecords.ReadKey(key) is { Partition: { } partition } parsed
                && !(forgotten.TryGetValue((parsed.Group, partition), out var at) && at > record.Offset))
                AddPending(GetOrAdd(parsed.Group), header.ProducerId, partition, GroupRecords.ReadOffset(value, record.Offset));
        }

        // The server was stopped between the end of the topic and that of its offsets.
        foreach (var group in _groups.Values)
            Forget(group, p => topics.Find(p.Topic) is null);

        foreach (var group in _groups.Values.Where(g => g.Forgotten.Count == 0 && g.Members.Count == 0 && g.Offsets.Count == 0 && g.PendingOffsets.Count == 0 && g.Generation == 0 && g.Consumers is null))
            _groups.TryRemove(group.Id, out _);
    }

    /// <summary>Stores a group's offsets; in a transaction they count from its commit on.</summary>
    public ErrorCode Commit(Group group, IReadOnlyList<(TopicPartition Partition, CommittedOffset Offset)> offsets, long producerId = -1, short producerEpoch = -1)
    {
        if (offsets.Count == 0)
            return ErrorCode.None;

        var transactional = producerId >= 0;
        var records = offsets.Select(o => (GroupRecords.OffsetKey(group.Id, o.Partition), (byte[]?)GroupRecords.OffsetValue(o.Offset))).ToList();
        var batch = RecordBatchBuilder.Build(records, Now(), producerId, producerEpoch, transactional);
        lock (group.Lock)
        {
            if (group.State == GroupState.Dead || (group.Growth(offsets, transactional) is > 0 and var growth && !HasRoom(growth)))
                return ErrorCode.CoordinatorNotAvailable;

            // First, or it would take what is committed now with it.
            if (WriteForgotten(group) is var error && error != ErrorCode.None)
                return error;
            var result = transactional ? Log.AppendTransactional(batch) : Log.AppendInternal(batch);
            if (result.Error != ErrorCode.None)
                return Translate(result.Error);
            for (var i = 0; i < offsets.Count; i++)
            {
                var stored = offsets[i].Offset with { LogOffset = result.BaseOffset + i };
                if (transactional)
                    AddPending(group, producerId, offsets[i].Partition, stored);
                else
                    group.Offsets[offsets[i].Partition] = stored;
            }
        }

        return ErrorCode.None;
    }

    /// <summary>The marker of a transaction is in the offsets topic: what it committed counts now, or never.</summary>
    public void EndTransaction(long producerId, bool commit)
    {
        foreach (var group in _groups.Values)
        {
            lock (group.Lock)
            {
                if (!group.PendingOffsets.Remove(producerId, out var pending) || !commit)
                    continue;
                foreach (var (partition, offset) in pending)
                {
                    if (!group.Offsets.TryGetValue(partition, out var current) || current.LogOffset < offset.LogOffset)
                        group.Offsets[partition] = offset;
                }
            }
        }
    }

    /// <summary>Removes a group that has no members.</summary>
    public ErrorCode Delete(string groupId)
    {
        if (Find(groupId) is not { } group)
            return ErrorCode.GroupIdNotFound;
        lock (group.Lock)
        {
            if (group.State == GroupState.Dead)
                return ErrorCode.GroupIdNotFound;
            if (!group.IsEmpty)
                return ErrorCode.NonEmptyGroup;
            var error = DeleteOffsets(group, [.. group.Partitions], withGroup: true);
            if (error != ErrorCode.None)
                return error;
            group.State = GroupState.Dead;
            _groups.TryRemove(groupId, out _);
            return ErrorCode.None;
        }
    }

    /// <summary>Forgets offsets, those of open transactions as well; the caller holds the group's lock.</summary>
    public ErrorCode DeleteOffsets(Group group, IReadOnlyCollection<TopicPartition> partitions, bool withGroup = false)
    {
        if (WriteForgotten(group) is var error && error != ErrorCode.None)
            return error;
        if (group.Generation == 0 && group.Offsets.Count == 0 && group.PendingOffsets.Count == 0 && group.Consumers is null)
            return ErrorCode.None;

        var records = partitions.Select(p => (GroupRecords.OffsetKey(group.Id, p), (byte[]?)null)).ToList();
        if (withGroup)
            records.AddRange([.. group.Consumers?.Unwritten() ?? [], (GroupRecords.GroupKey(group.Id), null), (GroupRecords.EpochKey(group.Id), null)]);
        if (records.Count == 0)
            return ErrorCode.None;

        var result = Log.AppendInternal(RecordBatchBuilder.Build(records, Now()));
        if (result.Error != ErrorCode.None)
            return Translate(result.Error);
        foreach (var partition in partitions)
            group.Forget(partition);
        return ErrorCode.None;
    }

    /// <summary>A group that has had no members and no commits for longer than <paramref name="retention"/> loses its offsets, and with the last of them itself.</summary>
    public void Expire(Group group, TimeSpan retention)
    {
        var before = Now() - retention.TotalMilliseconds;
        lock (group.Lock)
        {
            if (!group.IsIdle || group.EmptySince > before || group.PendingOffsets.Count > 0)
                return;
            var old = group.Offsets.Where(o => o.Value.Timestamp < before).Select(o => o.Key).ToList();
            if (old.Count == group.Offsets.Count)
                Delete(group.Id);
            else
                DeleteOffsets(group, old);
        }
    }

    /// <summary>
    /// A topic is gone, and so is what groups had committed for it, or would have with their transactions. Where the disk cannot be written, the log
    /// hears of it later: with the group's next commit, or by <see cref="Retry"/>.
    /// </summary>
    public void TopicDeleted(string topic)
    {
        foreach (var group in _groups.Values)
            Forget(group, p => p.Topic == topic);
    }

    /// <summary>Writes what could not be written before.</summary>
    public void Retry(Group group)
    {
        lock (group.Lock)
        {
            WriteForgotten(group);
            WriteConsumers(group);
        }
    }

    private void Forget(Group group, Func<TopicPartition, bool> isGone)
    {
        lock (group.Lock)
        {
            foreach (var partition in group.Partitions.Where(isGone).ToList())
            {
                group.Forget(partition);
                group.Forgotten.Add(partition);
            }

            WriteForgotten(group);
        }
    }

    /// <summary>Takes out of the log, too, what the group has forgotten. Only the first failure is logged, and the end of it.</summary>
    private ErrorCode WriteForgotten(Group group)
    {
        if (group.Forgotten.Count == 0)
            return ErrorCode.None;

        var result = Log.AppendInternal(RecordBatchBuilder.Build([.. group.Forgotten.Select(p => (GroupRecords.OffsetKey(group.Id, p), (byte[]?)null))], Now()));
        if (result.Error != ErrorCode.None)
        {
            if (!group.FailsToForget)
                LogNotForgotten(group.Id, group.Forgotten.Count, result.Message);
            group.FailsToForget = true;
            return Translate(result.Error);
        }

        if (group.FailsToForget)
            LogForgotten(group.Id, group.Forgotten.Count);
        group.FailsToForget = false;
        group.Forgotten.Clear();
        return ErrorCode.None;
    }

    private ErrorCode PersistMembers(Group group)
    {
        var now = Now();
        var result = Log.AppendInternal(RecordBatchBuilder.Build([(GroupRecords.GroupKey(group.Id), GroupRecords.GroupValue(group, now))], now));
        return result.Error == ErrorCode.None ? ErrorCode.None : Translate(result.Error);
    }

    private static void AddPending(Group group, long producerId, TopicPartition partition, CommittedOffset offset)
    {
        if (!group.PendingOffsets.TryGetValue(producerId, out var pending))
            group.PendingOffsets.Add(producerId, pending = []);
        pending[partition] = offset;
    }

    /// <summary>A disk that cannot be written is to a client a coordinator to try again later.</summary>
    private static ErrorCode Translate(ErrorCode error) => error == ErrorCode.KafkaStorageError ? ErrorCode.CoordinatorNotAvailable : error;

    private long Now() => time.GetUtcNow().ToUnixTimeMilliseconds();
}
