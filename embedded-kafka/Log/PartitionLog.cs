using Kappa.Iot.Embedded.Protocol;

namespace Kappa.Iot.Embedded.Log;

/// <summary>
/// One partition: segments on disk, the producers that write to it, and those who wait for more.
/// One lock guards all of it. Reads from files are not made under it, nor is the copying of a compaction.
/// </summary>
internal sealed partial class PartitionLog : IDisposable
{
    private readonly Lock _lock = new();
    private readonly string _directory;
    private readonly TimeProvider _time;
    private readonly bool _flush;
    private readonly List<Segment> _segments = [];
    private readonly ProducerStates _producers;
    private readonly ReadHints _hints = new();
    private readonly List<AppendWaiter> _waiters = [];
    private bool _deleted;

    private PartitionLog(string name, string directory, LogSettings settings, TimeProvider time, bool flush, ProducerLimit? producers)
    {
        Name = name;
        _directory = directory;
        _time = time;
        _flush = flush;
        _producers = new ProducerStates(producers);
        Settings = settings;
    }

    /// <summary>Topic and partition number, for messages.</summary>
    public string Name { get; }

    public LogSettings Settings { get; set; }

    /// <summary>The first offset that can be read.</summary>
    public long StartOffset { get; private set; }

    /// <summary>The offset that the next record gets; with one node it is the high watermark as well.</summary>
    public long EndOffset { get; private set; }

    public long LastStableOffset
    {
        get
        {
            lock (_lock)
                return StableOffset;
        }
    }

    private long StableOffset => _producers.FirstUnstableOffset ?? EndOffset;

    /// <summary>Stores a client's batch after checking it. Offset and epoch are written into <paramref name="batch"/>.</summary>
    /// <param name="mayBeTransactional">Whether the request names a transactional id.</param>
    public AppendResult Append(Memory<byte> batch, bool mayBeTransactional = true)
    {
        var now = Now();
        if (BatchValidation.Check(batch, mayBeTransactional, Settings, now, out var header) is { } refused)
            return refused;
        try
        {
            FlushAhead(header.Size, now);
        }
        catch (IOException e)
        {
            return CannotWrite(e);
        }

        lock (_lock)
        {
            if (header.ProducerId >= 0)
            {
                var (error, duplicate) = _producers.Check(header);
                if (error != ErrorCode.None)
                    return AppendResult.Refused(error, $"{Name}: producer {header.ProducerId} epoch {header.ProducerEpoch} sequence {header.BaseSequence} is not what comes next.");
                if (duplicate is { } earlier)
                    return new AppendResult(ErrorCode.None, earlier.BaseOffset, Settings.LogAppendTime ? earlier.Timestamp : -1, null);
            }

            if (Settings.LogAppendTime)
                RecordBatchHeader.SetLogAppendTime(batch.Span, now);
            return Store(batch, now);
        }
    }

    /// <summary>Stores a batch that the broker made itself.</summary>
    public AppendResult AppendInternal(Memory<byte> batch)
    {
        lock (_lock)
            return Store(batch, Now());
    }

    /// <summary>Stores a batch that the broker made for a transactional producer, if its transaction has this partition in it.</summary>
    public AppendResult AppendTransactional(Memory<byte> batch)
    {
        lock (_lock)
        {
            var (error, _) = _producers.Check(RecordBatchHeader.Read(batch.Span));
            return error == ErrorCode.None ? Store(batch, Now()) : AppendResult.Refused(error, $"{Name}: the producer has no transaction here.");
        }
    }

    /// <summary>Lets a transactional producer write to this partition until <see cref="EndTransaction"/>.</summary>
    public void BeginTransaction(long producerId, short epoch)
    {
        lock (_lock)
        {
            if (!_deleted)
                _producers.Begin(producerId, epoch, Now());
        }
    }

    /// <summary>Writes the marker that commits or rolls back what a producer wrote; does nothing if it is there already.</summary>
    /// <returns>The marker's offset, or null where none was needed.</returns>
    /// <exception cref="IOException">The marker could not be written.</exception>
    public long? EndTransaction(long producerId, short epoch, bool commit)
    {
        lock (_lock)
        {
            if (_deleted || _producers.Find(producerId) is not { InTransaction: true })
                return null;

            var result = Store(RecordBatchBuilder.BuildMarker(commit, Now(), producerId, epoch), Now());
            return result.Error == ErrorCode.None
                ? result.BaseOffset
                : throw new IOException($"The transaction marker of producer {producerId} could not be written to {Name}: {result.Message}");
        }
    }

    /// <summary>The producers with an open transaction here.</summary>
    public IReadOnlyList<(long ProducerId, short Epoch)> OpenTransactions()
    {
        lock (_lock)
            return [.. _producers.All.Where(p => p.TransactionStart >= 0).Select(p => (p.ProducerId, p.Epoch))];
    }

    /// <summary>Runs <paramref name="read"/> over the known producers while nothing changes.</summary>
    public T ReadProducers<T>(Func<ProducerStates, T> read)
    {
        lock (_lock)
            return read(_producers);
    }

    /// <summary>Forgets producers that have been silent since <paramref name="lastSeen"/> (ms since 1970) or longer, and have nothing open.</summary>
    /// <returns>How many.</returns>
    public int ForgetProducers(long lastSeen, int atMost)
    {
        lock (_lock)
            return _producers.Forget(_producers.Idle.Where(p => p.LastSeen <= lastSeen).Take(atMost));
    }

    private AppendResult Store(Memory<byte> batch, long now)
    {
        if (_deleted)
            return AppendResult.Refused(ErrorCode.UnknownTopicOrPartition, $"{Name} was deleted.");

        RecordBatchHeader.Place(batch.Span, EndOffset);
        var header = RecordBatchHeader.Read(batch.Span);
        try
        {
            var segment = ActiveFor(header.Size, now);
            segment.Append(batch.Span, header, _flush);
            if (segment.CreatedAt == 0)
                segment.CreatedAt = now;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return CannotWrite(e);
        }

        EndOffset = header.NextOffset;
        TrackProducers(header, batch, now);
        foreach (var waiter in _waiters)
            waiter.Appended(header.Size);
        return new AppendResult(ErrorCode.None, header.BaseOffset, Settings.LogAppendTime ? now : -1, null);
    }

    private AppendResult CannotWrite(Exception e) => AppendResult.Refused(ErrorCode.KafkaStorageError, $"{Name} cannot be written: {e.Message}");

    private void TrackProducers(in RecordBatchHeader header, ReadOnlyMemory<byte> batch, long now)
    {
        if (header.ProducerId < 0)
            return;
        if (!header.IsControl)
            _producers.Apply(header, now);
        else if (RecordBatchBuilder.ReadMarker(header, batch) is { } commit && _producers.ApplyMarker(header, commit, now) is { } aborted)
            _segments[^1].Aborted.Add(aborted);
    }

    /// <summary>The segment that takes the next batch; rolls the active one when it is full or old.</summary>
    private Segment ActiveFor(int size, long now)
    {
        if (_segments.Count > 0)
        {
            var active = _segments[^1];
            if (!IsToBeRolled(active, size, now))
                return active;
            CloseActive(active, now);
        }
        else
        {
            Directory.CreateDirectory(_directory);
            if (_flush)
                FileChanges.FlushDirectory(Path.GetDirectoryName(_directory)!);
        }

        return AddSegment();
    }

    private bool IsToBeRolled(Segment active, int size, long now) => active.Size > 0
        && (active.Size + size > Settings.SegmentBytes || (active.CreatedAt != 0 && now - active.CreatedAt > Settings.SegmentAge.TotalMilliseconds));

    /// <summary>
    /// Flushes the active segment, without the lock, where a batch is about to roll it: whoever reads need not wait for the disk then. Rolling it
    /// flushes once more, what came meanwhile, before anything else is done: so what is promised does not depend on this.
    /// </summary>
    private void FlushAhead(int size, long now)
    {
        Segment active;
        lock (_lock)
        {
            // With _flush there is nothing left to flush.
            if (_flush || _deleted || _segments.Count == 0 || !IsToBeRolled(_segments[^1], size, now))
                return;
            active = _segments[^1];
            active.Hold();
        }

        try
        {
            active.Flush();
        }
        finally
        {
            active.Release();
        }
    }

    private Segment AddSegment()
    {
        var segment = Segment.Create(_directory, EndOffset);
        _segments.Add(segment);
        if (_flush)
            FileChanges.FlushDirectory(_directory);
        return segment;
    }

    private void CloseActive(Segment active, long now)
    {
        active.ClosedAt = now;
        Checkpoint(active);
    }

    /// <summary>Everything of the segment is on the disk then, and the checkpoint beside it knows the producers.</summary>
    private void Checkpoint(Segment active)
    {
        active.Flush();
        SegmentCheckpoint.Save(active, _producers);
    }

    private long Now() => _time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Closes the files. With <paramref name="checkpoint"/> the next start need not read them.</summary>
    public void Close(bool checkpoint)
    {
        lock (_lock)
        {
            try
            {
                if (checkpoint && !_deleted && _segments.Count > 0 && _segments[^1].Size > 0)
                    Checkpoint(_segments[^1]);
            }
            finally
            {
                _deleted = true;
                _producers.Clear();
                foreach (var segment in _segments)
                    segment.Dispose();
            }
        }
    }

    public void Dispose() => Close(checkpoint: false);
}
