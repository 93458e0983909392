using System.Text;
using Kappa.Iot.Embedded.Log;

namespace Kappa.Iot.Embedded.Tests;

/// <summary>More keys than compaction remembers in one go.</summary>
public sealed class CompactionKeyTests : IDisposable
{
    private const int MaxKeys = 10;

    private static readonly LogSettings Small = new() { Compact = true, Delete = false, SegmentBytes = 1, MinCleanableRatio = 0, DeleteRetention = TimeSpan.Zero };
    private static readonly LogSettings Large = Small with { SegmentBytes = 1_000_000 };

    private readonly string _directory = Path.Combine(Directory.CreateTempSubdirectory("compaction-keys-").FullName, "0");

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(_directory)!, recursive: true);

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 100)]
    [InlineData(7, 1)]
    [InlineData(25, 1_000_000)]
    public void Compact_OverAndOver_GetsToTheEndAndLeavesEveryKeyOnce(int batch, int segment)
    {
        using var log = Open(Small with { SegmentBytes = segment });
        for (var version = 1; version <= 3; version++)
            Append(log, batch, Enumerable.Range(0, 50).Select(k => ($"k{k}", (string?)$"v{version}")));
        Roll(log);
        for (var passes = 0; passes < 150 / MaxKeys; passes++)
            log.Compact();
        Assert.Equal(Enumerable.Range(0, 50).Select(k => $"k{k}=v3").Append("last=").Order(), Records(log).Order());
    }

    [Fact]
    public void Compact_OfOneSegmentWithManyKeys_RemembersNoMoreThanItMay()
    {
        using var log = Open(Large);
        Append(log, 25, Enumerable.Range(0, 100).Select(i => ($"k{i / 2}", (string?)$"v{i % 2}")));
        Roll(log);
        for (var done = MaxKeys; done <= 50; done += MaxKeys)
        {
            log.Compact();
            Assert.Equal(100 - done, Records(log).Count - 1);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1_000_000)]
    [Trait("Invariant", "2")]
    public void Compact_OfTombstonesBeyondWhatItRemembers_NeverBringsAKeyBack(int segment)
    {
        var log = Open(Small with { SegmentBytes = segment });
        try
        {
            Append(log, 3, Enumerable.Range(0, 50).Select(k => ($"k{k}", (string?)"v")));
            Append(log, 3, Enumerable.Range(0, 50).Reverse().Select(k => ($"k{k}", (string?)null)));
            Roll(log);
            for (var passes = 0; passes < 25; passes++)
            {
                Thread.Sleep(2); // the segments were closed a moment ago
                log.Compact();
                Assert.Equal(["last="], Records(log).GroupBy(r => r.Split('=')[0]).Select(key => key.Last()).Where(r => r.EndsWith("=v", StringComparison.Ordinal) || r == "last="));
                if (passes != 7)
                    continue;
                log.Dispose();
                log = Open(Large);
            }

            Assert.InRange(Records(log).Count, 1, 3);
        }
        finally
        {
            log.Dispose();
        }
    }

    private PartitionLog Open(LogSettings settings)
    {
        var log = PartitionLog.Open("test-0", _directory, settings, TimeProvider.System, flush: false);
        log.MaxKeys = MaxKeys;
        return log;
    }

    private static void Append(PartitionLog log, int batch, IEnumerable<(string Key, string? Value)> records)
    {
        foreach (var some in records.Chunk(batch))
        {
            log.AppendInternal(RecordBatchBuilder.Build(
                [.. some.Select(r => (Encoding.UTF8.GetBytes(r.Key), r.Value is null ? null : Encoding.UTF8.GetBytes(r.Value)))], DateTimeOffset.UtcNow.ToUnixTimeMilliseconds()));
        }
    }

    /// <summary>Closes the last segment by what comes into a new one; from now on neighbours are put together.</summary>
    private static void Roll(PartitionLog log)
    {
        log.Settings = Small;
        Append(log, 1, [("last", "")]);
        log.Settings = Large;
    }

    private static List<string> Records(PartitionLog log) => [.. log.ReadCommitted().Select(r =>
        $"{Encoding.UTF8.GetString(r.Record.Key!.Value.Span)}={(r.Record.Value is { } value ? Encoding.UTF8.GetString(value.Span) : "-")}")];
}
