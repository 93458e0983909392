using Kappa.Iot.Embedded.Log;
using Kappa.Iot.Embedded.Protocol;

namespace Kappa.Iot.Embedded.Tests;

public sealed class SegmentRollTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("segment-roll-").FullName;

    public void Dispose()
    {
        FileChanges.Before = null;
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public void Append_ThatRollsTheSegment_LetsOthersReadWhileItIsFlushed()
    {
        using var log = Open();
        Assert.Equal(ErrorCode.None, log.Append(Batch()).Error);
        bool? couldRead = null;
        FileChanges.Before = (_, _, _) => couldRead ??= Task.Run(() => log.Plan(0, committedOnly: false)).Wait(TimeSpan.FromSeconds(30));
        Assert.Equal(1, log.Append(Batch()).BaseOffset);
        Assert.True(couldRead, "The first thing that an append to a full segment does to the disk, which is to flush it, is done while nobody can read.");
        Assert.Equal(2, Directory.GetFiles(_directory, "*.log").Length);
    }

    [Fact]
    [Trait("Invariant", "1")]
    public void Append_WhereTheFullSegmentCannotBeFlushed_IsRefusedAndTheNextOneGoesOn()
    {
        using (var log = Open())
        {
            Assert.Equal(ErrorCode.None, log.Append(Batch()).Error);
            FileChanges.Before = (_, _, _) => throw new IOException("Input/output error");
            var refused = log.Append(Batch());
            FileChanges.Before = null;
            Assert.Equal(ErrorCode.KafkaStorageError, refused.Error);
            Assert.Contains("Input/output error", refused.Message, StringComparison.Ordinal);
            Assert.Equal(1, log.EndOffset);
            Assert.Equal(1, log.Append(Batch()).BaseOffset);
        }

        using var again = Open();
        Assert.Equal((0, 2), (again.StartOffset, again.EndOffset));
    }

    private static byte[] Batch() => RecordBatchBuilder.Build([([1], [2])], DateTimeOffset.UtcNow.ToUnixTimeMilliseconds());

    private PartitionLog Open() => PartitionLog.Open("test-0", _directory, new LogSettings { SegmentBytes = 1 }, TimeProvider.System, flush: false);
}
