using System.Text;
using Kappa.Iot.Embedded.Log;
using Kappa.Iot.Embedded.Protocol;
using Kappa.Iot.Embedded.Tests.Properties;

namespace Kappa.Iot.Embedded.Tests;

/// <summary>Batches with the right checksum and wrong records.</summary>
public sealed class RecordCheckTests : IDisposable
{
    private readonly string _directory = Path.Combine(Directory.CreateTempSubdirectory("record-check-").FullName, "0");

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(_directory)!, recursive: true);

    // A record: length, attributes, time, offset delta, key, value, headers; lengths and numbers are zigzag, so twice as large.
    [Theory]
    [InlineData("10 00 00 00 02 6B 02 76 00", 1)]
    [InlineData("10 00 00 00 02 6B 02 76 00 10 00 00 02 02 6B 02 76 00", 2)]
    [InlineData("0C 00 00 00 01 01 00", 1)] // neither key nor value
    [InlineData("16 00 00 00 02 6B 02 76 02 02 68 01", 1)] // a header without a value
    public void Append_OfWellFormedRecords_StoresThem(string records, int count)
    {
        using var log = Open(compact: false);
        Assert.Equal(new AppendResult(ErrorCode.None, 0, -1, null), log.Append(Batch(records, count)));
    }

    [Theory]
    [InlineData("10 00 00 00 02 6B 02 76 00", 2)] // one record too few
    [InlineData("10 00 00 00 02 6B 02 76 00 10 00 00 02 02 6B 02 76 00", 1)] // one too many
    [InlineData("10 00 00 00 02 6B 02 76 00 00", 1)] // a byte too many
    [InlineData("7E 00 00 00 02 6B 02 76 00", 1)] // longer than the batch
    [InlineData("0E 00 00 00 02 6B 02 76 00", 1)] // shorter than its fields
    [InlineData("12 00 00 00 02 6B 02 76 00 09", 1)] // longer than its fields
    [InlineData("00", 1)]
    [InlineData("01", 1)]
    [InlineData("FF FF FF FF FF FF FF FF FF FF FF 01", 1)]
    [InlineData("10 00 00 02 02 6B 02 76 00", 1)] // offset delta 1
    [InlineData("10 00 00 00 28 6B 02 76 00", 1)] // a key of 20 bytes
    [InlineData("10 00 00 00 02 6B 28 76 00", 1)] // a value of 20 bytes
    [InlineData("10 00 00 00 02 6B 02 76 01", 1)] // -1 headers
    [InlineData("10 00 00 00 02 6B 02 76 02", 1)] // a header that is not there
    [InlineData("22 00 00 00 02 6B 02 76 80 80 80 80 80 80 80 80 80 01", 1)] // 2^62 headers
    [InlineData("14 00 00 00 02 6B 02 76 02 01 01", 1)] // a header without a name
    public void Append_OfMalformedRecords_IsAnInvalidRecord(string records, int count)
    {
        using var log = Open(compact: false);
        Assert.Equal(ErrorCode.InvalidRecord, log.Append(Batch(records, count)).Error);
        Assert.Equal(0, log.EndOffset);
    }

    [Fact]
    public void Check_OfManyRecords_AllocatesNothing()
    {
        var batch = TestBatch.Make([.. Enumerable.Range(0, 1000).Select(i => ($"k{i}", (string?)$"v{i}", (long)i))], -1, -1, -1, false, CompressionType.None);
        var header = RecordBatchHeader.Read(batch);
        RecordReader.Check(header, batch.AsSpan(RecordBatchHeader.Length));
        var before = GC.GetAllocatedBytesForCurrentThread();
        RecordReader.Check(header, batch.AsSpan(RecordBatchHeader.Length));
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Theory]
    [InlineData("10 00 00 00 02 61 02 76 00 10 00 00 02 02 6B 28 76 00", 2)] // the second value has 20 bytes
    [InlineData("18 00 00 80 80 80 02 02 61 02 76 00", 1)] // an offset far behind the batch
    [Trait("Invariant", "1")]
    public void Compact_WithAMalformedCompressedBatch_KeepsItAndGoesOn(string records, int count)
    {
        byte[] bad;
        using (var log = Open(compact: false))
        {
            Append(log, "a", "readable");
            Assert.Equal(ErrorCode.None, log.Append(bad = Batch(records, count, CompressionType.Gzip)).Error); // not looked into
            for (var i = 0; i < 10; i++)
                Append(log, "b", $"{i}");
        }

        using var again = Open(compact: true);
        var told = new List<long>();
        again.Unreadable = (offset, _) => told.Add(offset);
        Assert.True(again.Compact() > 0);
        Assert.Equal([1], told);
        var bytes = Directory.GetFiles(_directory, "*.log").Order().SelectMany(File.ReadAllBytes).ToArray();
        Assert.True(bytes.AsSpan().IndexOf(bad.AsSpan(RecordBatchHeader.CrcStart)) > 0);

        // What cannot be read takes nothing away that can.
        Assert.True(bytes.AsSpan().IndexOf("readable"u8) > 0);
        Assert.True(bytes.Length < 500 + bad.Length, $"{bytes.Length} bytes are left.");
    }

    private static void Append(PartitionLog log, string key, string value) =>
        Assert.Equal(ErrorCode.None, log.AppendInternal(RecordBatchBuilder.Build([(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(value))], 1)).Error);

    private static byte[] Batch(string records, int count, CompressionType compression = CompressionType.None)
    {
        var packed = Compression.Pack(compression, Convert.FromHexString(records.Replace(" ", "", StringComparison.Ordinal)));
        byte[] batch = [.. new byte[RecordBatchHeader.Length], .. packed.Span];
        var attributes = RecordBatchHeader.MakeAttributes(compression, transactional: false, control: false);
        new RecordBatchHeader(0, 0, RecordBatchHeader.CurrentMagic, 0, attributes, count - 1, 1, 1, -1, -1, -1, count).Write(batch);
        return batch;
    }

    private PartitionLog Open(bool compact) => PartitionLog.Open(
        "test-0", _directory, new LogSettings { Compact = compact, Delete = !compact, SegmentBytes = 1, MinCleanableRatio = 0 }, TimeProvider.System, flush: false);
}
