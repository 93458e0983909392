using System.Text;
using Kappa.Iot.Embedded.Log;
using Kappa.Iot.Embedded.Tests.Properties;

namespace Kappa.Iot.Embedded.Tests;

/// <summary>What is on the disk while compaction puts a new segment in the place of old ones.</summary>
public sealed class CompactionSwapTests : IDisposable
{
    private static readonly LogSettings Compacted = new() { Compact = true, Delete = false, SegmentBytes = 1, MinCleanableRatio = 0 };

    private readonly string _directory = Path.Combine(Directory.CreateTempSubdirectory("compaction-swap-").FullName, "0");

    public void Dispose()
    {
        FileChanges.Before = null;
        Directory.Delete(Path.GetDirectoryName(_directory)!, recursive: true);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Trait("Invariant", "1")]
    public void Open_WithLeftovers_HasEveryRecordOnceWhateverThePolicyIsNow(bool compact)
    {
        string[] leftovers;
        using (var log = Filled(flush: false))
        {
            var files = Directory.GetFiles(_directory, "*.log").Order().ToArray();
            leftovers = files[2..5];
            foreach (var leftover in leftovers)
                File.Copy(leftover, leftover + ".kept");
            Assert.Equal(0, log.Compact()); // every key is there once
            Assert.Equal([files[0], files[5]], Directory.GetFiles(_directory, "*.log").Order());
        }

        // As if the server had been stopped before it could remove them.
        File.Delete(Directory.GetFiles(_directory, "*.checkpoint").Order().First());
        foreach (var leftover in leftovers)
            File.Move(leftover + ".kept", leftover);

        using var again = PartitionLog.Open("test-0", _directory, Compacted with { Compact = compact, Delete = !compact }, TimeProvider.System, flush: false);
        Assert.Equal(["v0", "v1", "v2", "v3", "v4", "v5"], again.ReadCommitted().Select(r => Encoding.UTF8.GetString(r.Record.Value!.Value.Span)));
        Assert.Equal(6, again.EndOffset);
        Assert.Equal(leftovers.Select(p => p + ".cut"), Directory.GetFiles(_directory, "*.cut").Order());
    }

    [Fact]
    [Trait("Invariant", "1")]
    public void Compact_OnADiskThatIsFullAtTheEnd_LeavesNoLeftovers()
    {
        using var log = Filled(flush: false);
        var written = false;
        FileChanges.Before = (file, _, _) =>
        {
            var writing = Directory.GetFiles(_directory, "*.log.tmp").Length > 0;
            written |= writing;
            if (written && !writing && file is not null)
                throw new IOException("No space left on device");
        };
        Assert.Throws<IOException>(() => log.Compact());
        FileChanges.Before = null;
        Assert.True(written);
        Assert.Equal(2, Directory.GetFiles(_directory, "*.log").Length);
        Assert.Equal(6, log.ReadCommitted().Count());
    }

    [Fact]
    [Trait("Invariant", "1")]
    public void Open_AfterACompactionThatWasStoppedBeforeAnyOfItsChanges_HasEveryRecordOnceAndNothingLeftOver()
    {
        using var crash = new CrashPoint();
        for (var changes = 0; ; changes++)
        {
            var log = Filled(flush: false);
            crash.Arm(changes, written: 0.5);
            var ended = true;
            try
            {
                log.Compact();
            }
            catch (CrashException)
            {
                ended = false;
            }

            log.Dispose();
            crash.Clear();
            using (var again = PartitionLog.Open("test-0", _directory, Compacted, TimeProvider.System, flush: false))
            {
                Assert.Equal((changes, 0, 6), (changes, again.CutBytes, again.EndOffset));
                Assert.Equal(["v0", "v1", "v2", "v3", "v4", "v5"], again.ReadCommitted().Select(r => Encoding.UTF8.GetString(r.Record.Value!.Value.Span)));
                Assert.All(Directory.GetFiles(_directory), path => Assert.Contains(Path.GetExtension(path), (string[])[".log", ".checkpoint"]));
            }

            Directory.Delete(_directory, recursive: true);
            if (ended)
            {
                Assert.True(changes > 10, $"{changes} changes are not all of them.");
                return;
            }
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Trait("Invariant", "1")]
    public void Compact_AgainAfterADiskThatRefusedAnyOneOfItsChanges_HasEveryRecordOnceAlsoAfterARestart(bool flush)
    {
        for (var changes = 0; ; changes++)
        {
            var ended = true;
            using (var log = Filled(flush))
            {
                var made = 0;
                FileChanges.Before = (_, _, _) =>
                {
                    if (made++ == changes)
                        throw new IOException("Input/output error");
                };
                try
                {
                    log.Compact();
                }
                catch (IOException)
                {
                    ended = false;
                }

                FileChanges.Before = null;
                log.Settings = Compacted;
                for (var i = 6; i < 9; i++)
                    log.AppendInternal(RecordBatchBuilder.Build([(Encoding.UTF8.GetBytes($"k{i}"), Encoding.UTF8.GetBytes($"v{i}"))], DateTimeOffset.UtcNow.ToUnixTimeMilliseconds()));
                log.Settings = Compacted with { SegmentBytes = 1_000_000 };
                log.Compact();
            }

            using (var again = PartitionLog.Open("test-0", _directory, Compacted, TimeProvider.System, flush: false))
            {
                Assert.Equal((changes, "v0 v1 v2 v3 v4 v5 v6 v7 v8"), (changes, string.Join(' ', again.ReadCommitted().Select(r => Encoding.UTF8.GetString(r.Record.Value!.Value.Span)))));
                Assert.Equal((changes, 0, 9), (changes, again.CutBytes, again.EndOffset));
            }

            Directory.Delete(_directory, recursive: true);
            if (ended)
            {
                Assert.True(changes > 10, $"{changes} changes are not all of them.");
                return;
            }
        }
    }

    [Fact]
    [Trait("Invariant", "1")]
    public void Open_WithANewSegmentThatIsDamaged_GoesOnWithTheOldOnes()
    {
        string[] old;
        using (Filled(flush: false))
            old = Directory.GetFiles(_directory, "*.log");
        var swap = Path.Combine(_directory, $"{0:D20}-{5:D20}.swap");
        var bytes = old.Order().Take(5).SelectMany(File.ReadAllBytes).ToArray();
        bytes[^1] ^= 1;
        File.WriteAllBytes(swap, bytes);

        using var again = PartitionLog.Open("test-0", _directory, Compacted, TimeProvider.System, flush: false);
        Assert.Equal(6, again.ReadCommitted().Count());
        Assert.Equal(bytes, File.ReadAllBytes(Assert.Single(Directory.GetFiles(_directory, "*.cut"))));
        Assert.False(File.Exists(swap));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Trait("Invariant", "1")]
    public void Compact_WithFlush_ForcesTheNewNameDownBeforeTheOldOnesGo(bool flush)
    {
        using var log = Filled(flush);
        var names = new List<string>();
        FileChanges.Before = (_, _, _) => names.Add(Names());
        var before = Names();
        log.Compact();
        FileChanges.Before = null;

        // Between the renaming of the new file and the removal of the first old one.
        var changes = names.SkipWhile(n => !n.Contains(".tmp", StringComparison.Ordinal)).SkipWhile(n => n.Contains(".tmp", StringComparison.Ordinal)).TakeWhile(n => n == before);
        Assert.Equal(flush ? 2 : 1, changes.Count()); // the removal itself, and what comes before
    }

    [Fact]
    [Trait("Invariant", "1")]
    public void Compact_NothingOfTheFirstSegmentsSurvives_TheLogStartsWhereItDidAfterARestartToo()
    {
        using (var log = PartitionLog.Open("test-0", _directory, Compacted, TimeProvider.System, flush: false))
        {
            for (var i = 0; i < 40; i++)
                log.AppendInternal(RecordBatchBuilder.Build([("key"u8.ToArray(), Encoding.UTF8.GetBytes($"v{i}"))], DateTimeOffset.UtcNow.ToUnixTimeMilliseconds()));
            log.Settings = Compacted with { SegmentBytes = 300 };
            Assert.True(log.Compact() > 0);
            Assert.Equal(0, log.StartOffset);
        }

        using var again = PartitionLog.Open("test-0", _directory, Compacted, TimeProvider.System, flush: false);
        Assert.Equal((0, 40), (again.StartOffset, again.EndOffset));
        Assert.Contains("v39", again.ReadCommitted().Select(r => Encoding.UTF8.GetString(r.Record.Value!.Value.Span)));
    }

    [Theory]
    [InlineData(CompressionType.Gzip)]
    [InlineData(CompressionType.Lz4)]
    public void Compact_NothingOfACompressedBatchSurvives_WhatStaysOfItNeedsNoUnpacking(object compression)
    {
        using var log = PartitionLog.Open("test-0", _directory, Compacted, TimeProvider.System, flush: false);
        var now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        for (var i = 0; i < 3; i++)
            Assert.Equal(Protocol.ErrorCode.None, log.Append(TestBatch.Make([("k", $"v{i}", now)], -1, -1, -1, false, (CompressionType)compression)).Error);
        log.Compact();
        var first = File.ReadAllBytes(Directory.GetFiles(_directory, "*.log").Order().First());
        var header = RecordBatchHeader.Read(first);
        Assert.Equal((RecordBatchHeader.Length, 0, CompressionType.None), (header.Size, header.RecordCount, header.Compression));
        Assert.True(RecordBatchHeader.HasValidCrc(first.AsSpan(0, header.Size), header.Crc));
    }

    private string Names() => string.Join(' ', Directory.GetFiles(_directory, "*.log*").Select(Path.GetFileName).Order());

    /// <summary>Six keys in six segments, which compaction may make two.</summary>
    private PartitionLog Filled(bool flush)
    {
        var log = PartitionLog.Open("test-0", _directory, Compacted, TimeProvider.System, flush);
        for (var i = 0; i < 6; i++)
            log.AppendInternal(RecordBatchBuilder.Build([(Encoding.UTF8.GetBytes($"k{i}"), Encoding.UTF8.GetBytes($"v{i}"))], DateTimeOffset.UtcNow.ToUnixTimeMilliseconds()));
        log.Settings = Compacted with { SegmentBytes = 1_000_000 };
        return log;
    }
}
