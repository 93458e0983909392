using Kappa.Iot.Embedded.Log;

namespace Kappa.Iot.Embedded.Tests.Properties;

internal sealed partial class LogRun
{
    /// <summary>Ends the log's life, with or without its consent, and starts a new one.</summary>
    private void Reopen(bool checkpoint, Action? whileDown = null)
    {
        try
        {
            _log.Close(checkpoint && !_crash.Happened);
        }
        catch (CrashException)
        {
            // A crash in a clean stop is a crash.
        }

        Recover();
        if (whileDown is null)
            return;
        _log.Dispose();
        whileDown();
        Recover();
    }

    /// <summary>Opens the log. The start may be stopped by a crash too; the next one then has to do.</summary>
    private void Recover()
    {
        _log.Dispose();
        _crash.Clear();
        if (_random.Next(4) == 0)
            _crash.Arm(_random.Next(3), _random.NextDouble());
        try
        {
            _log = Open();
        }
        catch (CrashException)
        {
            _crash.Clear();
            _log = Open();
        }

        _crash.Clear();
        foreach (var producer in _model.Producers.Values.Where(p => p.InTransaction))
            _log.BeginTransaction(producer.Id, producer.Epoch); // as the coordinator does at its start
    }

    private PartitionLog Open()
    {
        var log = PartitionLog.Open("test-0", _directory, _settings, _time, flush: false);
        log.MaxKeys = _maxKeys ?? log.MaxKeys;
        return log;
    }

    /// <summary>What a write that was under way leaves behind: a part of a batch, or bytes that never became one.</summary>
    private void TearTail(Random random)
    {
        if (!Directory.Exists(_directory) || Directory.GetFiles(_directory, "*.log").Order().LastOrDefault() is not { } path)
            return;
        var tail = TestBatch.Make([("torn", new string('t', random.Next(500)), Now)], -1, -1, -1, false, CompressionType.None);
        RecordBatchHeader.Place(tail, _model.End);
        if (random.Next(2) == 0)
            tail[random.Next(RecordBatchHeader.CrcStart, tail.Length)] ^= 0x10;
        else
            tail = tail[..random.Next(1, tail.Length)];
        using var file = new FileStream(path, FileMode.Append);
        file.Write(tail);
    }

    private void DamageCheckpoint(Random random)
    {
        var paths = Directory.Exists(_directory) ? Directory.GetFiles(_directory, "*.checkpoint") : [];
        if (paths.Length == 0)
            return;
        var path = paths[random.Next(paths.Length)];
        var bytes = File.ReadAllBytes(path);
        switch (random.Next(3))
        {
            case 0:
                File.Delete(path);
                break;
            case 1:
                File.WriteAllBytes(path, bytes[..random.Next(bytes.Length)]);
                break;
            default:
                bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
                File.WriteAllBytes(path, bytes);
                break;
        }

        // What compaction or deletion took out of the log, only the checkpoint still knew. Then the producers there start over.
        _producersLost |= _rewritten;
    }
}
