using System.Text;
using Kappa.Iot.Embedded.Log;
using Kappa.Iot.Embedded.Protocol;

namespace Kappa.Iot.Embedded.Tests;

public sealed class PartitionLogTests : IDisposable
{
    private readonly string _directory = Path.Combine(Directory.CreateTempSubdirectory("partition-log-").FullName, "0");

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(_directory)!, recursive: true);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Trait("Invariant", "1")]
    public void Open_AfterAStop_HasEveryBatch(bool clean)
    {
        var log = Open(new LogSettings { SegmentBytes = 20_000 });
        for (var i = 0; i < 500; i++)
            Assert.Equal(i * 2, Append(log, $"a{i}", $"b{i}").BaseOffset);
        log.Close(checkpoint: clean);

        using var again = Open();
        Assert.Equal(0, again.CutBytes);
        Assert.Equal(1000, again.EndOffset);
        Assert.Equal(Enumerable.Range(0, 500).SelectMany(i => (string[])[$"a{i}", $"b{i}"]), Values(again));
        Assert.Equal(1000, Append(again, "next").BaseOffset);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(30)]
    [InlineData(70)]
    [Trait("Invariant", "1")]
    public void Open_WithATornTail_EndsBeforeTheTornBatch(int missing)
    {
        var log = Open();
        for (var i = 0; i < 10; i++)
            Append(log, $"value {i}");
        log.Close(checkpoint: false);
        var path = Assert.Single(Directory.GetFiles(_directory, "*.log"));
        using (var file = File.OpenWrite(path))
            file.SetLength(file.Length - missing);

        using (var again = Open())
        {
            Assert.True(again.CutBytes > 0);
            Assert.Equal(9, again.EndOffset);
            Assert.Equal(9, Values(again).Count);
            Assert.Equal(9, Append(again, "in its place").BaseOffset);
            Assert.Empty(Directory.GetFiles(_directory, "*.cut"));
            again.Close(checkpoint: false);
        }

        using var third = Open();
        Assert.Equal(0, third.CutBytes);
        Assert.Equal("in its place", Values(third)[9]);
    }

    [Fact]
    public void Open_WithAFlippedBit_EndsBeforeTheWrongBatch()
    {
        var log = Open();
        var sizes = new List<long>();
        for (var i = 0; i < 10; i++)
        {
            Append(log, $"value {i}");
            sizes.Add(log.Size);
        }

        log.Close(checkpoint: false);
        var path = Assert.Single(Directory.GetFiles(_directory, "*.log"));
        var bytes = File.ReadAllBytes(path);
        bytes[sizes[6] + 70] ^= 4;
        File.WriteAllBytes(path, bytes);

        using var again = Open();
        Assert.Equal(sizes[9] - sizes[6], again.CutBytes);
        Assert.Equal(7, again.EndOffset);
        Assert.Equal(Enumerable.Range(0, 7).Select(i => $"value {i}"), Values(again));
        Assert.Equal(bytes, File.ReadAllBytes(path + ".cut")); // there are whole batches in what was cut off
    }

    [Fact]
    public void Append_WithAFlippedBit_IsRefused()
    {
        using var log = Open();
        var batch = Batch(["value"]);
        batch[^1] ^= 1;
        Assert.Equal(ErrorCode.CorruptMessage, log.Append(batch).Error);
        Assert.Equal(0, log.EndOffset);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Trait("Invariant", "2")]
    public void Append_OfARepeatAfterARestart_IsStoredOnce(bool clean)
    {
        var log = Open();
        for (var sequence = 0; sequence < 8; sequence++)
            Assert.Equal(sequence, log.Append(Sequenced(sequence)).BaseOffset);
        log.Close(checkpoint: clean);

        using var again = Open();
        Assert.Equal(new AppendResult(ErrorCode.None, 5, -1, null), again.Append(Sequenced(5)));
        Assert.Equal(8, again.EndOffset);
        Assert.Equal(ErrorCode.OutOfOrderSequenceNumber, again.Append(Sequenced(9)).Error);
        Assert.Equal(8, again.Append(Sequenced(8)).BaseOffset);
        Assert.Equal(ErrorCode.InvalidProducerEpoch, again.Append(Sequenced(9, epoch: 2)).Error);
    }

    [Fact]
    public void Plan_AtTheEndOfASegment_SaysThatMoreIsBehindIt()
    {
        using var log = Open(new LogSettings { SegmentBytes = 1 });
        Append(log, "first");
        Append(log, "second");
        Assert.True(log.Plan(0, committedOnly: false).HasMore);
        Assert.False(log.Plan(1, committedOnly: false).HasMore);
    }

    [Fact]
    [Trait("Invariant", "2")]
    public void Append_InAnEpochThatTheCoordinatorBegan_StartsAtZero()
    {
        using var log = Open();
        Assert.Equal(ErrorCode.None, log.Append(Sequenced(0)).Error);
        log.BeginTransaction(77, 4);
        Assert.Equal(ErrorCode.OutOfOrderSequenceNumber, log.AppendTransactional(Sequenced(5, 4, transactional: true)).Error);
        Assert.Equal(ErrorCode.None, log.AppendTransactional(Sequenced(0, 4, transactional: true)).Error);
    }

    [Fact]
    public void Append_OfAProducerThatThePartitionHasForgotten_GoesOnWhereItIs()
    {
        using var log = Open();
        log.BeginTransaction(77, 3);
        Assert.Equal(ErrorCode.None, log.AppendTransactional(Sequenced(41, transactional: true)).Error);
        Assert.Equal(ErrorCode.OutOfOrderSequenceNumber, log.AppendTransactional(Sequenced(43, transactional: true)).Error);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Trait("Invariant", "2")]
    public void Open_WithTransactions_KnowsWhatIsStableAndWhatWasRolledBack(bool clean)
    {
        var log = Open();
        log.BeginTransaction(1, 0);
        log.AppendTransactional(RecordBatchBuilder.Build([(Utf8("k"), Utf8("rolled back"))], 1, 1, 0, true));
        log.EndTransaction(1, 0, commit: false);
        Append(log, "plain");
        log.BeginTransaction(2, 0);
        log.AppendTransactional(RecordBatchBuilder.Build([(Utf8("k"), Utf8("open"))], 1, 2, 0, true));
        Append(log, "after");
        log.Close(checkpoint: clean);

        using var again = Open();
        Assert.Equal(3, again.LastStableOffset);
        Assert.Equal([(2L, (short)0)], again.OpenTransactions());
        var slice = again.Plan(0, committedOnly: true);
        Assert.Equal([new AbortedTransaction(1, 0, 1, 2)], again.AbortedIn(slice, 0, 1000));
        Assert.Equal(4, again.EndTransaction(2, 0, commit: true) - 1);
        Assert.Equal(6, again.LastStableOffset);
        Assert.Equal(["plain", "open", "after"], again.ReadCommitted().Select(r => Encoding.UTF8.GetString(r.Record.Value!.Value.Span)));
    }

    [Fact]
    [Trait("Invariant", "2")]
    public void ReadCommitted_BesideAnOpenTransaction_HasWhatOthersCommittedAfterItBegan()
    {
        var log = Open();
        log.BeginTransaction(1, 0);
        log.AppendTransactional(RecordBatchBuilder.Build([(Utf8("k"), Utf8("open"))], 1, 1, 0, true));
        log.BeginTransaction(2, 0);
        log.AppendTransactional(RecordBatchBuilder.Build([(Utf8("k"), Utf8("committed"))], 1, 2, 0, true));
        log.EndTransaction(2, 0, commit: true);
        log.Close(checkpoint: false);

        using var again = Open();
        Assert.Equal(["committed"], Values(again));
        Assert.Equal("open", Encoding.UTF8.GetString(Assert.Single(again.ReadPending()).Record.Value!.Value.Span));
    }

    [Fact]
    public void Open_WithAWrongOffsetInAClosedSegment_SetsTheLaterOnesAside()
    {
        var settings = new LogSettings { SegmentBytes = 1 };
        var log = Open(settings);
        for (var i = 0; i < 6; i++)
            Append(log, $"value {i}");
        log.Close(checkpoint: false);
        var paths = Directory.GetFiles(_directory, "*.log").Order().ToList();
        foreach (var checkpoint in Directory.GetFiles(_directory, "*.checkpoint"))
            File.Delete(checkpoint);
        var bytes = File.ReadAllBytes(paths[2]);
        bytes[5] ^= 1; // of the base offset, which no checksum covers
        File.WriteAllBytes(paths[2], bytes);

        using var again = Open(settings);
        Assert.Equal(["value 0", "value 1"], Values(again));
        Assert.Equal(paths[3..].Sum(p => new FileInfo(p + ".cut").Length) + bytes.Length, again.CutBytes);
        Assert.Equal(bytes, File.ReadAllBytes(paths[2] + ".cut"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Trait("Invariant", "1")]
    public void Open_WithAnOffsetThatIsALittleWrong_DestroysNothing(bool compact)
    {
        var settings = new LogSettings { SegmentBytes = 1, Compact = compact, Delete = !compact };
        var log = Open(settings);
        for (var i = 0; i < 6; i++)
            Append(log, $"value {i}");
        log.Close(checkpoint: false);
        var paths = Directory.GetFiles(_directory, "*.log").Order().ToList();
        foreach (var checkpoint in Directory.GetFiles(_directory, "*.checkpoint"))
            File.Delete(checkpoint);
        var bytes = File.ReadAllBytes(paths[1]);
        bytes[7] ^= 2; // 3 instead of 1: it seems to hold what the next ones do
        File.WriteAllBytes(paths[1], bytes);

        using var again = Open(settings);
        var files = Directory.GetFiles(_directory, "*.log*").SelectMany(File.ReadAllBytes).ToArray();
        for (var i = 0; i < 6; i++)
            Assert.True(files.AsSpan().IndexOf(Utf8($"value {i}")) >= 0, $"Value {i} is gone.");
        Assert.True(again.CutBytes > 0);
    }

    [Fact]
    public void Compact_OfABusyTopic_LosesTombstonesInTime()
    {
        var time = new FakeTime();
        var settings = new LogSettings { Compact = true, Delete = false, SegmentBytes = 2_000, MinCleanableRatio = 0, DeleteRetention = TimeSpan.FromSeconds(60) };
        using var log = PartitionLog.Open("test-0", _directory, settings, time, flush: false);
        log.AppendInternal(RecordBatchBuilder.Build([(Utf8("gone"), Utf8("x"))], 1));
        log.AppendInternal(RecordBatchBuilder.Build([(Utf8("gone"), null)], 2));
        for (var round = 0; round < 20; round++)
        {
            // More often than every 60 s there is something to compact.
            for (var i = 0; i < 40; i++)
                log.AppendInternal(RecordBatchBuilder.Build([(Utf8($"k{i % 3}"), Utf8($"{round}"))], 3));
            time.Now += TimeSpan.FromSeconds(10);
            log.Compact();
        }

        Assert.DoesNotContain(log.ReadCommitted(), r => r.Record.Key!.Value.Span.SequenceEqual(Utf8("gone")));
    }

    [Fact]
    public void Compact_WithoutALag_DoesNotWaitForTimesInTheFuture()
    {
        var settings = new LogSettings { Compact = true, Delete = false, SegmentBytes = 300, MinCleanableRatio = 0 };
        using var log = Open(settings);
        var future = DateTimeOffset.UtcNow.AddDays(1).ToUnixTimeMilliseconds();
        for (var i = 0; i < 60; i++)
            log.AppendInternal(RecordBatchBuilder.Build([(Utf8($"k{i % 3}"), Utf8($"{i}"))], future));
        Assert.True(log.Compact() > 0);
    }

    [Fact]
    public void Compact_OfManySegments_KeepsTheLastRecordOfEveryKeyAcrossRestarts()
    {
        var settings = new LogSettings { Compact = true, Delete = false, SegmentBytes = 4_000, MinCleanableRatio = 0, DeleteRetention = TimeSpan.FromDays(1) };
        var expected = new Dictionary<string, string>();
        var random = new Random(7);
        var log = Open(settings);
        for (var round = 0; round < 5; round++)
        {
            for (var i = 0; i < 300; i++)
            {
                var (key, value) = ($"k{random.Next(40)}", $"{round}.{i}");
                log.AppendInternal(RecordBatchBuilder.Build([(Utf8(key), Utf8(value))], i));
                expected[key] = value;
            }

            var before = log.Size;
            Assert.True(log.Compact() > 0);
            Assert.True(log.Size < before);
            Check();
            log.Close(checkpoint: round % 2 == 0);
            log = Open(settings);
            Assert.Equal(0, log.CutBytes);
            Check();
        }

        log.Dispose();

        void Check()
        {
            var found = new Dictionary<string, string>();
            long last = -1;
            foreach (var (_, record) in log.ReadCommitted())
            {
                Assert.True(record.Offset > last);
                last = record.Offset;
                found[Encoding.UTF8.GetString(record.Key!.Value.Span)] = Encoding.UTF8.GetString(record.Value!.Value.Span);
            }

            Assert.Equal(expected.OrderBy(e => e.Key), found.OrderBy(e => e.Key));
        }
    }

    private sealed class FakeTime : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = DateTimeOffset.UnixEpoch.AddYears(50);

        public override DateTimeOffset GetUtcNow() => Now;
    }

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    private static byte[] Batch(string[] values, long producerId = -1, short epoch = -1, bool transactional = false) => RecordBatchBuilder.Build(
        [.. values.Select(v => (Utf8("key"), (byte[]?)Utf8(v)))], DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(), producerId, epoch, transactional);

    private static byte[] Sequenced(int sequence, short epoch = 3, bool transactional = false)
    {
        var batch = Batch([$"{sequence}"], 77, epoch, transactional);
        (RecordBatchHeader.Read(batch) with { BaseSequence = sequence }).Write(batch);
        return batch;
    }

    private static AppendResult Append(PartitionLog log, params string[] values) => log.Append(Batch(values));

    private static List<string> Values(PartitionLog log) => [.. log.ReadCommitted().Select(r => Encoding.UTF8.GetString(r.Record.Value!.Value.Span))];

    private PartitionLog Open(LogSettings? settings = null) => PartitionLog.Open("test-0", _directory, settings ?? new LogSettings(), TimeProvider.System, flush: false);
}
