using System.Text;
using Kappa.Iot.Embedded.Log;
using Kappa.Iot.Embedded.Protocol;

namespace Kappa.Iot.Embedded.Tests.Properties;

internal sealed partial class LogRun
{
    private bool _producersLost;

    private void Verify(Random random)
    {
        Assert.Equal(_model.End, _log.EndOffset);
        Assert.Equal(_model.Stable, _log.LastStableOffset);
        Assert.Equal(_model.Start, _log.StartOffset);
        VerifyProducers();

        var all = Read(_model.Start, committedOnly: false, random);
        var committed = Read(_model.Start, committedOnly: true, random);
        if (_settings.Compact)
            VerifyCompacted(all, committed);
        else
            VerifyExact(all, committed);
        var from = random.NextInt64(_model.Start, _model.End + 1);
        Assert.Equal(all.Where(r => r.Offset >= from), Read(from, committedOnly: false, random));
        Assert.Equal(committed.Where(r => r.Offset >= from), Read(from, committedOnly: true, random));
        VerifyTimes(all, random);
        Assert.Equal(ErrorCode.OffsetOutOfRange, _log.Plan(_model.End + 1, committedOnly: false).Error);
    }

    private void VerifyExact(List<ModelRecord> all, List<ModelRecord> committed)
    {
        Assert.Equal(_model.Visible.Select(Bare), all);
        Assert.Equal(_model.Committed.Select(Bare), committed);
    }

    /// <summary>A compacted log has some of the records, none of them changed, and the last of every key.</summary>
    private void VerifyCompacted(List<ModelRecord> all, List<ModelRecord> committed)
    {
        Assert.All(all, r => Assert.Equal(Bare(_model.Records[(int)r.Offset]), r));
        Assert.Empty(committed.Except(_model.Committed.Select(Bare)));
        Assert.Equal(_model.Latest(), LogModel.Fold(committed));
        var open = _model.Producers.Values.Where(p => p.TransactionStart >= 0).ToDictionary(p => p.Id, p => p.TransactionStart);
        Assert.Empty(_model.Visible.Where(r => r.InTransaction && open.TryGetValue(r.ProducerId, out var start) && r.Offset >= start).Select(Bare).Except(all));
    }

    private void VerifyProducers()
    {
        Assert.Equal(
            _model.Producers.Values.Where(p => p.TransactionStart >= 0).Select(p => (p.Id, p.Epoch)).Order(), _log.OpenTransactions().Order());
        if (_producersLost)
        {
            _producersLost = false;
            AdoptProducers();
        }

        foreach (var expected in _model.Producers.Values.Where(p => p.Last.Count > 0))
        {
            var (epoch, next, batches) = _log.ReadProducers(states =>
                states.Find(expected.Id) is { } p ? (p.Epoch, p.LastSequence + 1, p.Batches.Select(b => b.BaseOffset).ToList()) : ((short)-1, -1, []));
            Assert.Equal((expected.Id, expected.Epoch, expected.NextSequence), (expected.Id, epoch, next));
            Assert.Equal(expected.Last.Select(b => b.Offset), batches);
        }
    }

    private void AdoptProducers()
    {
        foreach (var producer in _model.Producers.Values)
        {
            var known = _log.ReadProducers(states => states.Find(producer.Id) is { } p ? (p.Epoch, p.LastSequence + 1, p.Batches.Select(b => b.BaseOffset).ToHashSet()) : default);
            if (known.Item3 is not { Count: > 0 } offsets)
            {
                producer.StartEpoch((short)(producer.Epoch + (producer.InTransaction ? 0 : 1)));
                continue;
            }

            producer.Last.RemoveAll(b => !offsets.Contains(b.Offset));
            if (producer.Last.Count < offsets.Count && !producer.InTransaction)
            {
                // A crash kept its new epoch from the log; it goes on with another one.
                producer.StartEpoch((short)(Math.Max(producer.Epoch, known.Epoch) + 1));
                continue;
            }

            producer.Epoch = known.Epoch;
            producer.NextSequence = known.Item2;
        }
    }

    private void VerifyTimes(List<ModelRecord> all, Random random)
    {
        if (all.Count == 0)
        {
            Assert.Null(_log.FindByTime(0, committedOnly: false));
            return;
        }

        for (var i = 0; i < 3; i++)
        {
            var time = all[random.Next(all.Count)].Timestamp + random.Next(-1, 2);
            Assert.Equal(First(all, time), _log.FindByTime(time, committedOnly: false));
            Assert.Equal(First(all.Where(r => r.Offset < _model.Stable), time), _log.FindByTime(time, committedOnly: true));
        }

        Assert.Equal(First(all, all.Max(r => r.Timestamp)), _log.FindLatestTime());
    }

    private static (long, long)? First(IEnumerable<ModelRecord> records, long time) =>
        records.FirstOrDefault(r => r.Timestamp >= time) is { } record ? (record.Offset, record.Timestamp) : null;

    /// <summary>Reads as a client does: batch by batch, and in read_committed leaving out what the aborted transactions in the answer name.</summary>
    private List<ModelRecord> Read(long from, bool committedOnly, Random random)
    {
        var records = new List<ModelRecord>();
        for (var offset = from; ;)
        {
            var slice = _log.Plan(offset, committedOnly);
            Assert.Equal(ErrorCode.None, slice.Error);
            if (slice.Segment is null)
                return records;

            var atMost = (int)Math.Min(slice.Available, random.Next(1, 40_000));
            var size = _log.Measure(slice, atMost, mayExceed: true);
            Assert.True(size > 0, $"A reader at {offset} gets nothing of {slice.Available} bytes.");
            Assert.Equal(size > atMost ? 0 : size, _log.Measure(slice, atMost, mayExceed: false));
            var batches = new byte[size];
            Assert.Equal(size, slice.Segment.Read(batches, slice.Position));
            var aborted = committedOnly ? _log.AbortedIn(slice, offset, atMost).OrderBy(a => a.FirstOffset).ToList() : [];
            offset = Decode(batches, offset, aborted, committedOnly, records);
        }
    }

    /// <returns>The offset to go on from.</returns>
    private static long Decode(ReadOnlyMemory<byte> batches, long from, List<AbortedTransaction> aborted, bool committedOnly, List<ModelRecord> records)
    {
        var hidden = new HashSet<long>();
        var next = from;
        while (!batches.IsEmpty)
        {
            var header = RecordBatchHeader.Read(batches.Span);
            var batch = batches[..header.Size];
            batches = batches[header.Size..];
            Assert.True(RecordBatchHeader.HasValidCrc(batch.Span, header.Crc), $"The batch at {header.BaseOffset} is damaged.");
            foreach (var begun in aborted.Where(a => a.FirstOffset <= header.LastOffset).ToList())
            {
                hidden.Add(begun.ProducerId);
                aborted.Remove(begun);
            }

            next = header.NextOffset;
            if (header.IsControl)
            {
                if (RecordBatchBuilder.ReadMarker(header, batch) == false)
                    hidden.Remove(header.ProducerId);
                continue;
            }

            if (committedOnly && header.IsTransactional && hidden.Contains(header.ProducerId))
                continue;
            foreach (var record in RecordReader.Read(header, batch).Where(r => r.Offset >= from))
                records.Add(new ModelRecord(record.Offset, Text(record.Key), Text(record.Value), record.Timestamp));
        }

        return next;
    }

    private static string? Text(ReadOnlyMemory<byte>? bytes) => bytes is { } b ? Encoding.UTF8.GetString(b.Span) : null;

    /// <summary>The record without what a reader cannot see.</summary>
    private static ModelRecord Bare(ModelRecord record) => new(record.Offset, record.Key, record.Value, record.Timestamp);
}
