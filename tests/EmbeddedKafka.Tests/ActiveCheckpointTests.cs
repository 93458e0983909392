using System.Text;
using Kappa.Iot.Embedded.Log;
using Kappa.Iot.Embedded.Protocol;

namespace Kappa.Iot.Embedded.Tests;

public sealed class ActiveCheckpointTests : IDisposable
{
    private readonly string _directory = Path.Combine(Directory.CreateTempSubdirectory("active-checkpoint-").FullName, "0");

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(_directory)!, recursive: true);

    [Fact]
    [Trait("Invariant", "1")]
    public void Open_AfterACrash_TakesTheCheckpointAndReadsWhatCameAfter()
    {
        var log = Open();
        log.BeginTransaction(7, 0);
        log.AppendTransactional(Batch("rolled back", 7));
        log.EndTransaction(7, 0, commit: false);
        for (var i = 0; i < 100; i++)
            log.AppendInternal(Batch($"before {i}"));
        log.BeginTransaction(8, 0);
        log.AppendTransactional(Batch("open", 8));
        log.CheckpointActive(1);
        var checkpointed = log.Size;
        for (var i = 0; i < 100; i++)
            log.AppendInternal(Batch($"after {i}"));
        log.Close(checkpoint: false);

        // What the checkpoint vouches for is not read again: damage there is not noticed, and that is how the test knows.
        var path = Assert.Single(Directory.GetFiles(_directory, "*.log"));
        Flip(path, 70);
        using (var again = Open())
        {
            Assert.Equal(0, again.CutBytes);
            Assert.Equal(203, again.EndOffset);
            Assert.Equal(102, again.LastStableOffset);
            Assert.Equal([(8L, (short)0)], again.OpenTransactions());
            again.EndTransaction(8, 0, commit: true);
            var values = again.ReadCommitted().Select(r => Encoding.UTF8.GetString(r.Record.Value!.Value.Span)).ToList();
            Assert.Equal([.. Enumerable.Range(0, 100).Select(i => $"before {i}"), "open", .. Enumerable.Range(0, 100).Select(i => $"after {i}")], values);
            again.Close(checkpoint: false);
        }

        // What came after it is checked.
        Flip(path, checkpointed + 70);
        using var third = Open();
        Assert.True(third.CutBytes > 0);
        Assert.Equal(103, third.EndOffset);
    }

    [Fact]
    public void CheckpointActive_WithLittleNew_WritesNothing()
    {
        using var log = Open();
        log.AppendInternal(Batch("one"));
        log.CheckpointActive(1_000_000);
        Assert.Empty(Directory.GetFiles(_directory, "*.checkpoint"));
        log.CheckpointActive(1);
        var written = File.GetLastWriteTimeUtc(Assert.Single(Directory.GetFiles(_directory, "*.checkpoint")));
        log.CheckpointActive(1);
        Assert.Equal(written, File.GetLastWriteTimeUtc(Assert.Single(Directory.GetFiles(_directory, "*.checkpoint"))));
    }

    [Fact]
    public void Apply_OfAsManyProducersAsAreRemembered_TakesLessThanAMegabyte()
    {
        var header = RecordBatchHeader.Read(Batch("v", 0, transactional: false));
        var states = new ProducerStates();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var id = 0; id < 2_000; id++)
        {
            for (var sequence = 0; sequence < ProducerState.RememberedBatches; sequence++)
                states.Apply(header with { ProducerId = id, BaseSequence = sequence }, now: 1);
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 100_000, 1_000_000);
        Assert.Equal(2_000, states.All.Count);
    }

    [Fact]
    public void Append_OfMadeUpProducers_ForgetsTheOldest()
    {
        using var log = Open();
        for (var id = 0; id < 5_000; id++)
            Assert.Equal(ErrorCode.None, log.AppendInternal(Batch("v", id, transactional: false)).Error);
        Assert.InRange(log.ReadProducers(static states => states.All.Count), 1_000, 2_000);
        Assert.NotNull(log.ReadProducers(static states => states.Find(4_999)));
    }

    private static byte[] Batch(string value, long producerId = -1, bool transactional = true) =>
        RecordBatchBuilder.Build([(Encoding.UTF8.GetBytes("k"), Encoding.UTF8.GetBytes(value))], 1, producerId, (short)(producerId < 0 ? -1 : 0), producerId >= 0 && transactional);

    private static void Flip(string path, long position)
    {
        using var file = File.Open(path, FileMode.Open);
        file.Position = position;
        var old = file.ReadByte();
        file.Position = position;
        file.WriteByte((byte)(old ^ 1));
    }

    private PartitionLog Open() => PartitionLog.Open("t-0", _directory, new LogSettings(), TimeProvider.System, flush: false);
}
