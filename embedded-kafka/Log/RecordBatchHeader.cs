using System.Buffers.Binary;

namespace Kappa.Iot.Embedded.Log;

/// <summary>The 61 bytes in front of the records of a batch (magic 2), as they are on the wire and on disk.</summary>
internal readonly record struct RecordBatchHeader(
    long BaseOffset, int Size, byte Magic, uint Crc, short Attributes, int LastOffsetDelta, long BaseTimestamp,
    long MaxTimestamp, long ProducerId, short ProducerEpoch, int BaseSequence, int RecordCount)
{
    public const int Length = 61;
    public const int SizeFieldEnd = 12;
    public const int CrcStart = 21;
    public const byte CurrentMagic = 2;

    private const short LogAppendTimeFlag = 0x08;
    private const short TransactionalFlag = 0x10;
    private const short ControlFlag = 0x20;

    public long LastOffset => BaseOffset + LastOffsetDelta;

    public long NextOffset => BaseOffset + LastOffsetDelta + 1;

    public bool IsTransactional => (Attributes & TransactionalFlag) != 0;

    public bool IsControl => (Attributes & ControlFlag) != 0;

    public bool HasLogAppendTime => (Attributes & LogAppendTimeFlag) != 0;

    public CompressionType Compression => (CompressionType)(Attributes & 7);

    /// <summary>Sequence numbers go from 0 to 2^31 - 1 and start over.</summary>
    public int LastSequence => BaseSequence < 0 ? BaseSequence : (int)(((long)BaseSequence + LastOffsetDelta) & int.MaxValue);

    /// <summary>Reads a header; <paramref name="data"/> has at least <see cref="Length"/> bytes.</summary>
    public static RecordBatchHeader Read(ReadOnlySpan<byte> data) => new(
        BinaryPrimitives.ReadInt64BigEndian(data),
        ReadSize(data),
        data[16],
        BinaryPrimitives.ReadUInt32BigEndian(data[17..]),
        BinaryPrimitives.ReadInt16BigEndian(data[21..]),
        BinaryPrimitives.ReadInt32BigEndian(data[23..]),
        BinaryPrimitives.ReadInt64BigEndian(data[27..]),
        BinaryPrimitives.ReadInt64BigEndian(data[35..]),
        BinaryPrimitives.ReadInt64BigEndian(data[43..]),
        BinaryPrimitives.ReadInt16BigEndian(data[51..]),
        BinaryPrimitives.ReadInt32BigEndian(data[53..]),
        BinaryPrimitives.ReadInt32BigEndian(data[57..]));

    /// <summary>The whole batch's size in bytes, or a negative number where the field makes no sense.</summary>
    public static int ReadSize(ReadOnlySpan<byte> data)
    {
        var length = BinaryPrimitives.ReadInt32BigEndian(data[8..]);
        return length is < Length - SizeFieldEnd or > int.MaxValue - SizeFieldEnd ? -1 : length + SizeFieldEnd;
    }

    /// <summary>Gives a batch its place in the log. Base offset and leader epoch are outside the checksum.</summary>
    public static void Place(Span<byte> batch, long baseOffset)
    {
        BinaryPrimitives.WriteInt64BigEndian(batch, baseOffset);
        BinaryPrimitives.WriteInt32BigEndian(batch[12..], 0);
    }

    /// <summary>Stamps a batch with the broker's time, for topics with message.timestamp.type=LogAppendTime.</summary>
    public static void SetLogAppendTime(Span<byte> batch, long timestamp)
    {
        var attributes = BinaryPrimitives.ReadInt16BigEndian(batch[21..]);
        BinaryPrimitives.WriteInt16BigEndian(batch[21..], (short)(attributes | LogAppendTimeFlag));
        BinaryPrimitives.WriteInt64BigEndian(batch[35..], timestamp);
        Seal(batch);
    }

    /// <summary>Says that the records' times are their producer's, and which is the largest.</summary>
    public static void SetCreateTime(Span<byte> batch, long maxTimestamp)
    {
        var attributes = BinaryPrimitives.ReadInt16BigEndian(batch[21..]);
        BinaryPrimitives.WriteInt16BigEndian(batch[21..], (short)(attributes & ~LogAppendTimeFlag));
        BinaryPrimitives.WriteInt64BigEndian(batch[35..], maxTimestamp);
        Seal(batch);
    }

    /// <summary>Writes this header in front of a batch's records, with the right checksum.</summary>
    public void Write(Span<byte> batch)
    {
        BinaryPrimitives.WriteInt64BigEndian(batch, BaseOffset);
        BinaryPrimitives.WriteInt32BigEndian(batch[8..], batch.Length - SizeFieldEnd);
        BinaryPrimitives.WriteInt32BigEndian(batch[12..], 0);
        batch[16] = CurrentMagic;
        BinaryPrimitives.WriteInt16BigEndian(batch[21..], Attributes);
        BinaryPrimitives.WriteInt32BigEndian(batch[23..], LastOffsetDelta);
        BinaryPrimitives.WriteInt64BigEndian(batch[27..], BaseTimestamp);
        BinaryPrimitives.WriteInt64BigEndian(batch[35..], MaxTimestamp);
        BinaryPrimitives.WriteInt64BigEndian(batch[43..], ProducerId);
        BinaryPrimitives.WriteInt16BigEndian(batch[51..], ProducerEpoch);
        BinaryPrimitives.WriteInt32BigEndian(batch[53..], BaseSequence);
        BinaryPrimitives.WriteInt32BigEndian(batch[57..], RecordCount);
        Seal(batch);
    }

    public static bool HasValidCrc(ReadOnlySpan<byte> batch, uint crc) => Crc32C.Compute(batch[CrcStart..]) == crc;

    public static short MakeAttributes(CompressionType compression, bool transactional, bool control) =>
        (short)((int)compression | (transactional ? TransactionalFlag : 0) | (control ? ControlFlag : 0));

    /// <summary>The attributes of a batch that is no longer part of a transaction, and no marker.</summary>
    public static short WithoutTransaction(short attributes) => (short)(attributes & ~(TransactionalFlag | ControlFlag));

    /// <summary>The attributes of a batch that has nothing left to unpack.</summary>
    public static short WithoutCompression(short attributes) => (short)(attributes & ~7);

    private static void Seal(Span<byte> batch) =>
        BinaryPrimitives.WriteUInt32BigEndian(batch[17..], Crc32C.Compute(batch[CrcStart..]));
}
