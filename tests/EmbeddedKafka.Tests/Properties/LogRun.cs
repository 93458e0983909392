using Kappa.Iot.Embedded.Log;
using Kappa.Iot.Embedded.Protocol;
using Microsoft.Extensions.Time.Testing;

namespace Kappa.Iot.Embedded.Tests.Properties;

/// <summary>Does the same to a real log on disk and to the model. A crash leaves the running operation done or not done, and nothing in between.</summary>
internal sealed partial class LogRun : IDisposable
{
    private static readonly TimeSpan NoExpiration = TimeSpan.FromDays(10_000);

    private readonly string _directory = Path.Combine(TemporaryFolder(), "0");
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UnixEpoch.AddYears(50));
    private readonly LogSettings _settings;
    private readonly int? _maxKeys;
    private readonly LogModel _model = new();
    private readonly CrashPoint _crash = new();
    private bool _rewritten;
    private Random _random = new(0);
    private PartitionLog _log;

    /// <param name="maxKeys">That compaction remembers in one go; null for as many as usual.</param>
    public LogRun(LogSettings settings, int? maxKeys = null)
    {
        _settings = settings;
        _maxKeys = maxKeys;
        _log = Open();
    }

    /// <summary>In memory where that is possible: a killed process loses nothing that it wrote, whatever it wrote to.</summary>
    private static string TemporaryFolder() =>
        Directory.CreateDirectory(Path.Combine(Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath(), $"partition-log-{Guid.NewGuid():N}")).FullName;

    private long Now => _time.GetUtcNow().ToUnixTimeMilliseconds();

    public void Dispose()
    {
        _crash.Dispose();
        _log.Dispose();
        Directory.Delete(Path.GetDirectoryName(_directory)!, recursive: true);
    }

    public void Do(Operation operation)
    {
        var random = _random = new Random(operation.Seed);
        try
        {
            Step(operation, random);
        }
        catch (CrashException)
        {
            // The log is opened again, where that has not been done yet.
        }

        if (_crash.Happened)
            Reopen(checkpoint: false);
        Verify(random);
    }

    private void Step(Operation operation, Random random)
    {
        var plain = 1 + (operation.A % 3);
        var transactional = 11 + (operation.A % 3);
        switch (operation.Kind)
        {
            case OperationKind.Append:
                Append(null, transactional: false, random);
                break;
            case OperationKind.AppendIdempotent:
                Append(_model.Producer(plain), transactional: false, random);
                break;
            case OperationKind.AppendTransactional:
                Begin(_model.Producer(transactional));
                Append(_model.Producer(transactional), transactional: true, random);
                break;
            case OperationKind.RepeatBatch:
                Repeat(_model.Producer(operation.A % 2 == 0 ? plain : transactional), random);
                break;
            case OperationKind.SkipSequence:
                Refused(_model.Producer(plain), 0, 2, ErrorCode.OutOfOrderSequenceNumber);
                break;
            case OperationKind.OldEpoch:
                Refused(_model.Producer(plain), -1, 0, ErrorCode.InvalidProducerEpoch);
                break;
            case OperationKind.NewEpoch:
                var producer = _model.Producer(plain);
                producer.StartEpoch((short)(producer.Epoch + 1));
                Append(producer, transactional: false, random);
                break;
            case OperationKind.Commit or OperationKind.Abort or OperationKind.Fence:
                EndTransaction(_model.Producer(transactional), operation.Kind);
                break;
            case OperationKind.Compact when _settings.Compact:
                _rewritten = true;
                _log.Compact();
                break;
            case OperationKind.DeleteBefore when !_settings.Compact:
                DeleteBefore(_model.Start + ((_model.Stable - _model.Start) * operation.A / 100));
                break;
            case OperationKind.Retention when !_settings.Compact:
                Retain();
                break;
            case OperationKind.PassTime:
                _time.Advance(TimeSpan.FromMinutes(operation.A));
                break;
            case OperationKind.CrashSoon:
                _crash.Arm(random.Next(12), random.NextDouble());
                break;
            case OperationKind.Kill or OperationKind.CleanReopen:
                Reopen(operation.Kind == OperationKind.CleanReopen);
                break;
            case OperationKind.TearTail:
                Reopen(checkpoint: operation.A % 2 == 0, () => TearTail(random));
                break;
            case OperationKind.DamageCheckpoint:
                Reopen(checkpoint: operation.A % 2 == 0, () => DamageCheckpoint(random));
                break;
        }
    }

    private void Append(ModelProducer? producer, bool transactional, Random random)
    {
        var records = Enumerable.Range(0, random.Next(1, 5)).Select(i => (
            Key: $"k{random.Next(8)}",
            Value: random.Next(10) == 0 ? null : $"{_model.End + i}.{random.Next()}{new string('x', random.Next(random.Next(4) == 0 ? 9_000 : 300))}",
            Timestamp: Now - random.Next(5_000))).ToList();
        var compression = random.Next(3) > 0 ? CompressionType.None : (CompressionType)random.Next(1, 5);
        var batch = TestBatch.Make(records, producer?.Id ?? -1, producer?.Epoch ?? -1, producer?.NextSequence ?? -1, transactional, compression);
        var sent = (byte[])batch.Clone();
        var offset = _model.End;
        InDoubt(
            () => Assert.Equal(new AppendResult(ErrorCode.None, offset, -1, null), _log.Append(batch)),
            offset + records.Count,
            () =>
            {
                _model.Append(records, producer, transactional);
                producer?.Sent(sent, offset, records.Count);
            });
    }

    private void Begin(ModelProducer producer)
    {
        producer.InTransaction = true;
        _log.BeginTransaction(producer.Id, producer.Epoch);
    }

    private void EndTransaction(ModelProducer producer, OperationKind kind)
    {
        if (!producer.InTransaction)
            return;
        var epoch = (short)(producer.Epoch + (kind == OperationKind.Fence ? 1 : 0));
        var offset = _model.End;
        var now = Now;
        InDoubt(
            () => Assert.Equal(offset, _log.EndTransaction(producer.Id, epoch, kind == OperationKind.Commit)),
            offset + 1,
            () => _model.EndTransaction(producer, kind == OperationKind.Commit, epoch, now));
    }

    private void Repeat(ModelProducer producer, Random random)
    {
        if (producer.Last.Count == 0)
            return;
        var (batch, offset) = producer.Last[random.Next(producer.Last.Count)];
        Assert.Equal(new AppendResult(ErrorCode.None, offset, -1, null), _log.Append((byte[])batch.Clone()));
    }

    private void Refused(ModelProducer producer, int epochChange, int sequenceChange, ErrorCode expected)
    {
        if (producer.Last.Count == 0 || producer.Epoch + epochChange < 0)
            return;
        var batch = TestBatch.Make([("k", "refused", Now)], producer.Id, (short)(producer.Epoch + epochChange), producer.NextSequence + sequenceChange, false, CompressionType.None);
        Assert.Equal(expected, _log.Append(batch).Error);
    }

    private void DeleteBefore(long target)
    {
        var before = _model.Start;
        try
        {
            Assert.Equal(target, _log.DeleteBefore(target));
            _model.Start = target;
        }
        catch (CrashException)
        {
            Recover();
            Assert.True(_log.StartOffset == before || _log.StartOffset == target, $"The log starts at {_log.StartOffset}, not {before} or {target}.");
            _model.Start = _log.StartOffset;
            throw;
        }
        finally
        {
            _rewritten = true;
        }
    }

    private void Retain()
    {
        _rewritten = true;
        var size = _log.Size;
        try
        {
            _log.ApplyRetention(NoExpiration);
        }
        catch (CrashException)
        {
            Recover();
            TakeNewStart(size);
            throw;
        }

        TakeNewStart(size);
    }

    /// <summary>Retention may only take what is older, or more, than the settings say.</summary>
    private void TakeNewStart(long size)
    {
        Assert.InRange(_log.StartOffset, _model.Start, _model.Stable);
        var gone = _model.Records.Take((int)_log.StartOffset).Skip((int)_model.Start).ToList();
        if (gone.Count > 0 && (_settings.RetentionBytes is not { } bytes || size < bytes))
            Assert.All(gone, r => Assert.True(Now - r.Timestamp > _settings.Retention!.Value.TotalMilliseconds, $"Offset {r.Offset} was removed too early."));
        _model.Start = _log.StartOffset;
    }

    /// <summary>Runs one operation of the log that adds records, and lets the model follow: also where a crash left open whether it was done.</summary>
    private void InDoubt(Action operation, long newEnd, Action follow)
    {
        try
        {
            operation();
        }
        catch (CrashException)
        {
            Recover();
            Assert.True(_log.EndOffset == _model.End || _log.EndOffset == newEnd, $"The log ends at {_log.EndOffset}, not {_model.End} or {newEnd}.");
            if (_log.EndOffset == newEnd)
                follow();
            throw;
        }

        follow();
    }
}
