using System.Buffers.Binary;

namespace Kappa.Iot.Embedded.Log;

/// <summary>Makes the batches that the broker writes itself: group and transaction state, and transaction markers.</summary>
internal static class RecordBatchBuilder
{
    /// <summary>A batch of keyed records without compression; a null value is a tombstone.</summary>
    public static byte[] Build(
        IReadOnlyList<(byte[] Key, byte[]? Value)> records, long timestamp, long producerId = -1, short producerEpoch = -1, bool transactional = false) =>
        Build(records, timestamp, RecordBatchHeader.MakeAttributes(CompressionType.None, transactional, control: false), producerId, producerEpoch);

    /// <summary>The marker that ends a producer's transaction in one partition.</summary>
    public static byte[] BuildMarker(bool commit, long timestamp, long producerId, short producerEpoch)
    {
        var key = new byte[4];
        BinaryPrimitives.WriteInt16BigEndian(key.AsSpan(2), commit ? (short)1 : (short)0);
        var value = new byte[6];
        var attributes = RecordBatchHeader.MakeAttributes(CompressionType.None, transactional: true, control: true);
        return Build([(key, value)], timestamp, attributes, producerId, producerEpoch);
    }

    /// <summary>Whether a control batch commits; null for a control record of another kind.</summary>
    public static bool? ReadMarker(RecordBatchHeader header, ReadOnlyMemory<byte> batch)
    {
        foreach (var record in RecordReader.Read(header, batch))
        {
            if (record.Key is { Length: >= 4 } key)
                return BinaryPrimitives.ReadInt16BigEndian(key.Span[2..]) switch { 0 => false, 1 => true, _ => null };
        }

        return null;
    }

    /// <summary>Puts already encoded records under a header; the batch is compressed as the header says.</summary>
    public static byte[] Assemble(RecordBatchHeader header, IReadOnlyList<ReadOnlyMemory<byte>> rawRecords)
    {
        using var payload = new MemoryStream();
        foreach (var raw in rawRecords)
        {
            WriteVarInt(payload, raw.Length);
            payload.Write(raw.Span);
        }

        var packed = Compression.Pack(header.Compression, payload.ToArray());
        var batch = new byte[RecordBatchHeader.Length + packed.Length];
        packed.CopyTo(batch.AsMemory(RecordBatchHeader.Length));
        (header with { RecordCount = rawRecords.Count }).Write(batch);
        return batch;
    }

    private static byte[] Build(IReadOnlyList<(byte[] Key, byte[]? Value)> records, long timestamp, short attributes, long producerId, short producerEpoch)
    {
        var raw = new List<ReadOnlyMemory<byte>>(records.Count);
        for (var i = 0; i < records.Count; i++)
        {
            using var record = new MemoryStream();
            record.WriteByte(0);
            WriteVarInt(record, 0);
            WriteVarInt(record, i);
            WriteField(record, records[i].Key);
            WriteField(record, records[i].Value);
            WriteVarInt(record, 0);
            raw.Add(record.ToArray());
        }

        var header = new RecordBatchHeader(
            0, 0, RecordBatchHeader.CurrentMagic, 0, attributes, records.Count - 1, timestamp, timestamp, producerId, producerEpoch, -1, records.Count);
        return Assemble(header, raw);
    }

    private static void WriteField(MemoryStream stream, byte[]? field)
    {
        WriteVarInt(stream, field?.Length ?? -1);
        stream.Write(field ?? []);
    }

    private static void WriteVarInt(MemoryStream stream, int value)
    {
        var zigzag = (uint)((value << 1) ^ (value >> 31));
        while (zigzag >= 0x80)
        {
            stream.WriteByte((byte)(zigzag | 0x80));
            zigzag >>= 7;
        }

        stream.WriteByte((byte)zigzag);
    }
}
