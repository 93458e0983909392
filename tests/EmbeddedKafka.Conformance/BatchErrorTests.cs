using System.IO.Compression;
using System.Text;
using static Kappa.Iot.Embedded.Conformance.KafkaClients;

namespace Kappa.Iot.Embedded.Conformance;

/// <summary>Batches that no client's interface lets out, and the error that a producer gets for each: in a plain topic and in a compacted one.</summary>
public sealed class BatchErrorTests(Servers servers)
{
    private const short UnknownServerError = -1, None = 0, CorruptMessage = 2, TransactionalIdAuthorizationFailed = 53, InvalidRecord = 87;
    private const short Transactional = 16, Control = 32;

    private static readonly byte[] Keyed = RawBatch.Record(key: "k");
    private static readonly byte[] Gzipped = Gzip(Keyed);

    /// <summary>What is not compressed, or cannot be unpacked by its header alone, is the same in every topic.</summary>
    private static readonly (string Name, short Error, byte[] Batch)[] Everywhere =
    [
        ("a good batch", None, Bytes(new RawBatch { Records = Keyed })),
        ("a good compressed batch", None, Bytes(new RawBatch { Attributes = 1, Records = Gzipped })),
        ("a transactional batch without a producer id", TransactionalIdAuthorizationFailed, Bytes(new RawBatch { Attributes = Transactional, Records = Keyed })),
        ("a transactional batch", TransactionalIdAuthorizationFailed, Bytes(new RawBatch { Attributes = Transactional, ProducerId = 5, Epoch = 0, Sequence = 0, Records = Keyed })),
        ("a transactional control batch", TransactionalIdAuthorizationFailed, Bytes(new RawBatch { Attributes = Transactional | Control, Records = Keyed })),
        ("a control batch", InvalidRecord, Bytes(new RawBatch { Attributes = Control, Records = Keyed })),
        ("a producer id without a sequence", InvalidRecord, Bytes(new RawBatch { ProducerId = 6, Epoch = 0, Records = Keyed })),
        ("no record", InvalidRecord, Bytes(new RawBatch { Count = 0, Records = [] })),
        ("fewer than no records", InvalidRecord, Bytes(new RawBatch { Count = -1, Records = Keyed })),
        ("a count that is not that of the offsets", InvalidRecord, Bytes(new RawBatch { Count = 2, Records = Keyed })),
        ("a record too few", InvalidRecord, Bytes(new RawBatch { Count = 2, LastOffsetDelta = 1, Records = Keyed })),
        ("a byte too many", InvalidRecord, Bytes(new RawBatch { Records = [.. Keyed, 0] })),
        ("garbage", InvalidRecord, Bytes(new RawBatch { Records = [1, 2, 3, 4, 5] })),
        ("format 0", InvalidRecord, Bytes(new RawBatch { Magic = 0, Records = Keyed })),
        ("format 1", InvalidRecord, Bytes(new RawBatch { Magic = 1, Records = Keyed })),
        ("format 3", CorruptMessage, Bytes(new RawBatch { Magic = 3, Records = Keyed })),
        ("a wrong checksum", CorruptMessage, Bytes(new RawBatch { Records = Keyed }, static b => b[^1] ^= 1)),
        ("nothing", InvalidRecord, []),
        ("half a header", InvalidRecord, Bytes(new RawBatch { Records = Keyed })[..30]),
        ("two batches", InvalidRecord, [.. Bytes(new RawBatch { Records = Keyed }), .. Bytes(new RawBatch { Records = Keyed })]),
        ("a length that is too large", InvalidRecord, Bytes(new RawBatch { Records = Keyed }, static b => b[11] += 5)),
        ("a length that is too small", CorruptMessage, Bytes(new RawBatch { Records = Keyed }, static b => b[11] -= 5)),
        ("a length below zero", CorruptMessage, Bytes(new RawBatch { Records = Keyed }, static b => b[8] = 255)),
        .. Enumerable.Range(5, 3).Select(type => ($"compression {type}", UnknownServerError, Bytes(new RawBatch { Attributes = (short)type, Records = Keyed }))),
    ];

    /// <summary>Compressed records that are not what their header says.</summary>
    private static readonly (string Name, short Error, byte[] Batch)[] Inside =
    [
        .. Enumerable.Range(1, 4).SelectMany(type => (byte[][])[Encoding.ASCII.GetBytes("this is not compressed at all"), []],
            (type, records) => ($"compression {type} of {records.Length} bytes of something else", type == 4 && records.Length == 0 ? InvalidRecord : UnknownServerError, Bytes(new RawBatch { Attributes = (short)type, Records = records }))),
        ("a flipped bit", UnknownServerError, Bytes(new RawBatch { Attributes = 1, Records = [.. Gzipped[..12], (byte)(Gzipped[12] ^ 0x55), .. Gzipped[13..]] })),
        ("a record too few", InvalidRecord, Bytes(new RawBatch { Attributes = 1, Count = 2, LastOffsetDelta = 1, Records = Gzipped })),
        ("a record too many", InvalidRecord, Bytes(new RawBatch { Attributes = 1, Records = Gzip([.. Keyed, .. RawBatch.Record(offsetDelta: 1, key: "k")]) })),
        ("a byte too many", InvalidRecord, Bytes(new RawBatch { Attributes = 1, Records = Gzip([.. Keyed, 0]) })),
        ("garbage", InvalidRecord, Bytes(new RawBatch { Attributes = 1, Records = Gzip([1, 2, 3, 4, 5]) })),
        ("a record that is longer than its fields", InvalidRecord, Bytes(new RawBatch { Attributes = 1, Records = Gzip([0x12, 0, 0, 0, 2, 0x6B, 2, 0x76, 0, 9]) })),
    ];

    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task A_wrong_batch_gets_the_same_error(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        var (plain, compacted) = (await kafka.CreateTopicAsync(), await kafka.CreateTopicAsync(1, ("cleanup.policy", "compact")));
        foreach (var (name, error, batch) in Everywhere)
        {
            Assert.Equal((name, error), (name, await RawBatch.ProduceAsync(kafka, plain, batch)));
            Assert.Equal((name, error), (name, await RawBatch.ProduceAsync(kafka, compacted, batch)));
        }
    }

    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task Wrong_compressed_records_get_the_same_error_in_a_compacted_topic(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        var compacted = await kafka.CreateTopicAsync(1, ("cleanup.policy", "compact"));
        foreach (var (name, error, batch) in Inside)
            Assert.Equal((name, error), (name, await RawBatch.ProduceAsync(kafka, compacted, batch)));
        Assert.Equal(InvalidRecord, await RawBatch.ProduceAsync(kafka, compacted, Bytes(new RawBatch { Attributes = 1, Records = Gzip(RawBatch.Record()) })));
    }

    private static byte[] Bytes(RawBatch batch, Action<byte[]>? change = null)
    {
        var bytes = batch.ToBytes();
        change?.Invoke(bytes);
        return bytes;
    }

    private static byte[] Gzip(byte[] data)
    {
        using var output = new MemoryStream();
        using (var gzip = new GZipStream(output, CompressionLevel.Optimal, leaveOpen: true))
            gzip.Write(data);
        return output.ToArray();
    }
}
