namespace Kappa.Iot.Embedded.Log;

/// <summary>Reads the records of a batch one by one.</summary>
internal static class RecordReader
{
    /// <param name="batch">A whole batch, header included.</param>
    /// <exception cref="InvalidDataException">The records are not encoded as their header says.</exception>
    public static IEnumerable<Record> Read(RecordBatchHeader header, ReadOnlyMemory<byte> batch)
    {
        var data = Compression.Unpack(header.Compression, batch[RecordBatchHeader.Length..]);
        var position = 0;
        for (var i = 0; i < header.RecordCount; i++)
        {
            var length = VarInt(data.Span, ref position);
            if (length < 0 || length > data.Length - position)
                throw new InvalidDataException($"Record {i} of the batch at offset {header.BaseOffset} claims {length} bytes.");

            yield return ReadOne(header, data.Slice(position, (int)length));
            position += (int)length;
        }
    }

    private static Record ReadOne(RecordBatchHeader header, ReadOnlyMemory<byte> raw)
    {
        var span = raw.Span;
        var position = 1;
        var timestamp = header.BaseTimestamp + VarInt(span, ref position);
        var offset = header.BaseOffset + VarInt(span, ref position);
        var key = Field(raw, ref position);
        var value = Field(raw, ref position);
        return new Record(offset, header.HasLogAppendTime ? header.MaxTimestamp : timestamp, key, value, raw);
    }

    private static ReadOnlyMemory<byte>? Field(ReadOnlyMemory<byte> raw, ref int position)
    {
        var length = VarInt(raw.Span, ref position);
        if (length < 0)
            return null;
        if (length > raw.Length - position)
            throw new InvalidDataException($"A key or value claims {length} bytes; {raw.Length - position} remain.");

        var field = raw.Slice(position, (int)length);
        position += (int)length;
        return field;
    }

    private static long VarInt(ReadOnlySpan<byte> data, ref int position)
    {
        ulong value = 0;
        for (var shift = 0; shift < 70; shift += 7)
        {
            if (position >= data.Length)
                throw new InvalidDataException("A record ends inside a number.");
            var b = data[position++];
            value |= (ulong)(b & 0x7f) << shift;
            if ((b & 0x80) == 0)
                return (long)(value >> 1) ^ -(long)(value & 1);
        }

        throw new InvalidDataException("A number in a record is longer than ten bytes.");
    }
}
