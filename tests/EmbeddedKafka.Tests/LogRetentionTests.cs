using Kappa.Iot.Embedded.Log;
using Kappa.Iot.Embedded.Protocol;
using Kappa.Iot.Embedded.Tests.Properties;

namespace Kappa.Iot.Embedded.Tests;

public sealed class LogRetentionTests : IDisposable
{
    private static readonly TimeSpan Never = TimeSpan.FromDays(1);

    private readonly string _directory = Directory.CreateTempSubdirectory("log-retention-").FullName;

    private string LogDirectory => Path.Combine(_directory, "0");

    public void Dispose()
    {
        FileChanges.Before = null;
        Directory.Delete(_directory, recursive: true);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [Trait("Invariant", "2")]
    public void A_full_disk_frees_itself_by_retention_and_by_deleting_records(bool byHand)
    {
        using var disk = SmallDisk.Mount(LogDirectory, megabytes: 4);
        var directory = Path.Combine(disk.Path, "log");
        var settings = new LogSettings { SegmentBytes = 300_000, RetentionBytes = 1_000_000 };
        var sequence = 0;
        long start;
        using (var log = Open(settings, directory))
        {
            Assert.Equal(ErrorCode.None, log.Append(Batch(1, 0)).Error);
            while (log.Append(Batch(2, sequence)).Error == ErrorCode.None)
                sequence++;
            disk.Fill();
            Assert.Equal(ErrorCode.KafkaStorageError, log.Append(Batch(2, sequence)).Error);

            // In the middle of a segment, so the file of the start is needed.
            if (byHand)
                Assert.Equal(17, log.DeleteBefore(17));
            else
                Assert.InRange(log.ApplyRetention(Never), 1, sequence);
            start = log.StartOffset;
            Assert.Equal(ErrorCode.None, log.Append(Batch(2, sequence)).Error);
        }

        using var again = Open(settings, directory);
        Assert.Equal((start, sequence + 2), (again.StartOffset, again.EndOffset));
        Assert.Equal(0, again.Append(Batch(1, 0)).BaseOffset); // a repeat, of which only a checkpoint still knows
        Assert.Equal(sequence + 2, again.EndOffset);
    }

    [Theory]
    [InlineData(5)]
    [InlineData(6)]
    [Trait("Invariant", "1")]
    public void ApplyRetention_WhereNothingCanBeWritten_RemovesAllTheSame(int expired)
    {
        var now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        var settings = new LogSettings { SegmentBytes = 1, Retention = TimeSpan.FromHours(1) };
        using (var log = Open(settings))
        {
            for (var i = 0; i < 6; i++)
                log.AppendInternal(RecordBatchBuilder.Build([([1], [2])], i < expired ? 1 : now));
            FileChanges.Before = (file, _, _) =>
            {
                if (file is not null)
                    throw new IOException("No space left on device");
            };
            Assert.Equal(expired, log.ApplyRetention(Never));
            FileChanges.Before = null;
            Assert.Equal((expired, 6), (log.StartOffset, log.EndOffset));
        }

        using var again = Open(settings);
        Assert.Equal((expired, 6), (again.StartOffset, again.EndOffset));
        Assert.Equal(6 - expired, again.ReadCommitted().Count());
    }

    [Fact]
    public void DeleteBefore_WhereNothingCanBeWritten_DoesNotClaimAStartThatARestartForgets()
    {
        using (var log = Open(new LogSettings()))
        {
            for (var i = 0; i < 3; i++)
                log.AppendInternal(RecordBatchBuilder.Build([([1], [2])], 1));
            FileChanges.Before = (file, _, _) =>
            {
                if (file is not null)
                    throw new IOException("No space left on device");
            };
            Assert.Throws<IOException>(() => log.DeleteBefore(2));
            FileChanges.Before = null;
            Assert.Equal(0, log.StartOffset);
        }

        using var again = Open(new LogSettings());
        Assert.Equal(0, again.StartOffset);
    }

    [Fact]
    [Trait("Invariant", "1")]
    public void ApplyRetention_OfRecordsWithoutATime_CountsFromTheLastWrite()
    {
        var settings = new LogSettings { Retention = TimeSpan.FromHours(1) };
        using (var log = Open(settings))
        {
            Assert.Equal(ErrorCode.None, log.Append(TestBatch.Make([("k", "v", -1)], -1, -1, -1, false, CompressionType.None)).Error);
            Assert.Equal(0, log.ApplyRetention(Never));
        }

        var path = Assert.Single(Directory.GetFiles(LogDirectory, "*.log"));
        using var again = Open(settings);
        Assert.Equal(0, again.ApplyRetention(Never));
        File.SetLastWriteTimeUtc(path, DateTime.UtcNow.AddHours(-2));
        Assert.Equal(1, again.ApplyRetention(Never));
        Assert.Equal(1, again.StartOffset);
    }

    private static byte[] Batch(long producerId, int sequence) => TestBatch.Make(
        [("k", new string('v', 20_000), DateTimeOffset.UtcNow.ToUnixTimeMilliseconds())], producerId, 0, sequence, false, CompressionType.None);

    private PartitionLog Open(LogSettings settings, string? directory = null) =>
        PartitionLog.Open("test-0", directory ?? LogDirectory, settings, TimeProvider.System, flush: false);
}
