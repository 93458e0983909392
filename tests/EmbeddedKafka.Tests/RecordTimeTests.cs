using Kappa.Iot.Embedded.Log;
using Kappa.Iot.Embedded.Protocol;
using Kappa.Iot.Embedded.Tests.Properties;
using Microsoft.Extensions.Time.Testing;

namespace Kappa.Iot.Embedded.Tests;

/// <summary>Batches whose records are of another time than their header says.</summary>
public sealed class RecordTimeTests : IDisposable
{
    private const short LogAppendTimeFlag = 8;
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private readonly string _directory = Path.Combine(Directory.CreateTempSubdirectory("record-time-").FullName, "0");
    private readonly FakeTimeProvider _clock = new(DateTimeOffset.FromUnixTimeSeconds(1_800_000_000));

    private long Now => _clock.GetUtcNow().ToUnixTimeMilliseconds();

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(_directory)!, recursive: true);

    /// <param name="minutes">The records' times, counted from now.</param>
    [Theory]
    [InlineData(0, 61)]
    [InlineData(61, 0)]
    [InlineData(0, 0, 14400, 0)]
    [InlineData(0, -121)]
    [InlineData(0, 1, -121, 2)]
    public void Append_OfARecordOutsideTheTopicsLimits_IsRefusedWhateverTheHeaderSays(params int[] minutes)
    {
        using var log = Open(new LogSettings { TimestampBeforeMax = 120 * Minute });
        Assert.Equal(ErrorCode.InvalidTimestamp, log.Append(Batch(minutes, claimed: Now)).Error);
        Assert.Equal(0, log.EndOffset);
    }

    [Theory]
    [InlineData(0, 60)]
    [InlineData(0, -120)]
    [InlineData(-120, 60)]
    public void Append_OfRecordsWithinTheTopicsLimits_StoresThemWhateverTheHeaderSays(params int[] minutes)
    {
        using var log = Open(new LogSettings { TimestampBeforeMax = 120 * Minute });
        Assert.Equal(new AppendResult(ErrorCode.None, 0, -1, null), log.Append(Batch(minutes, claimed: Now + 10 * 1440 * Ms(1))));
    }

    [Theory]
    [InlineData(0, 10)] // earlier than the records
    [InlineData(30, 10)] // later
    [InlineData(10, 10)]
    public void Append_SetsTheHeadersLargestTimeRight(int claimed, int newest)
    {
        using var log = Open(new LogSettings());
        var batch = Batch([0, newest, 3], claimed: Now + Ms(claimed));
        Assert.Equal(ErrorCode.None, log.Append(batch).Error);
        Assert.Equal(ErrorCode.None, log.Append(Batch([0], claimed: Now)).Error);

        var header = RecordBatchHeader.Read(batch);
        Assert.Equal(Now + Ms(newest), header.MaxTimestamp);
        Assert.True(RecordBatchHeader.HasValidCrc(batch, header.Crc));
        Assert.Equal((1, Now + Ms(newest)), log.FindByTime(Now + Ms(5), committedOnly: false));
        Assert.Equal((1, Now + Ms(newest)), log.FindLatestTime());
        Assert.Null(log.FindByTime(Now + Ms(newest) + 1, committedOnly: false));
    }

    [Fact]
    public void Append_OfARightHeader_LeavesTheBatchAsItCame()
    {
        using var log = Open(new LogSettings());
        var batch = Batch([0, 10, -5], claimed: Now + Ms(10));
        var before = batch.ToArray();
        Assert.Equal(ErrorCode.None, log.Append(batch).Error);
        Assert.Equal(before.AsSpan(RecordBatchHeader.SizeFieldEnd), batch.AsSpan(RecordBatchHeader.SizeFieldEnd));
    }

    [Fact]
    public void Append_OfRecordsWithoutATime_StoresThem()
    {
        using var log = Open(new LogSettings { TimestampBeforeMax = Minute });
        var batch = TestBatch.Make([("a", "1", -1), ("b", "2", -1)], -1, -1, -1, false, CompressionType.None);
        Assert.Equal(ErrorCode.None, log.Append(batch).Error);
        Assert.Equal(-1, RecordBatchHeader.Read(batch).MaxTimestamp);
    }

    [Fact]
    public void Append_OfACorrectedBatchAgain_IsADuplicate()
    {
        using var log = Open(new LogSettings());
        for (var i = 0; i < 2; i++)
            Assert.Equal(new AppendResult(ErrorCode.None, 0, -1, null), log.Append(Batch([0, 10], claimed: Now, producerId: 7)));
        Assert.Equal(2, log.EndOffset);
    }

    [Theory]
    [InlineData(CompressionType.None)]
    [InlineData(CompressionType.Gzip)]
    public void Append_OfABatchThatClaimsToBeStampedByTheBroker_IsRefusedWhereTheBrokerDoesStamp(object compression)
    {
        using var log = Open(new LogSettings { LogAppendTime = true });
        Assert.Equal(ErrorCode.InvalidTimestamp, log.Append(Batch([0, 10], Now, (CompressionType)compression, LogAppendTimeFlag)).Error);
        Assert.Equal(0, log.EndOffset);
        Assert.Equal(ErrorCode.None, log.Append(Batch([0, 14400], Now, (CompressionType)compression)).Error);
    }

    [Theory]
    [InlineData(CompressionType.None)]
    [InlineData(CompressionType.Gzip)]
    public void Append_OfABatchThatClaimsToBeStampedByTheBroker_KeepsItsRecordsTimesElsewhere(object compression)
    {
        using var log = Open(new LogSettings());
        var batch = Batch([0, 10], Now + Ms(10), (CompressionType)compression, LogAppendTimeFlag);
        Assert.Equal(ErrorCode.None, log.Append(batch).Error);
        var header = RecordBatchHeader.Read(batch);
        Assert.False(header.HasLogAppendTime);
        Assert.True(RecordBatchHeader.HasValidCrc(batch, header.Crc));
        Assert.Equal([Now, Now + Ms(10)], log.ReadCommitted().Select(r => r.Record.Timestamp));
    }

    private static long Ms(int minutes) => (long)(minutes * Minute).TotalMilliseconds;

    private byte[] Batch(int[] minutes, long claimed, CompressionType compression = CompressionType.None, short attributes = 0, long producerId = -1)
    {
        var sequence = producerId < 0 ? -1 : 0;
        var batch = TestBatch.Make([.. minutes.Select((m, i) => ($"k{i}", (string?)"v", Now + Ms(m)))], producerId, (short)sequence, sequence, false, compression);
        var header = RecordBatchHeader.Read(batch);
        (header with { MaxTimestamp = claimed, Attributes = (short)(header.Attributes | attributes) }).Write(batch);
        return batch;
    }

    private PartitionLog Open(LogSettings settings) => PartitionLog.Open("test-0", _directory, settings, _clock, flush: false);
}
