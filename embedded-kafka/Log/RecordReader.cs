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

    /// <summary>Walks over records without making any.</summary>
    /// <param name="records">What follows a batch's header, unpacked.</param>
    /// <returns>The smallest and the largest of their times, ms since 1970, or -1 where none has one; and whether each has a key.</returns>
    /// <exception cref="InvalidDataException">They are not encoded as their header says.</exception>
    public static (long Oldest, long Newest, bool AllKeyed) Check(in RecordBatchHeader header, ReadOnlySpan<byte> records)
    {
        var (oldest, newest, allKeyed) = (long.MaxValue, -1L, true);
        var position = 0;
        for (var i = 0; i < header.RecordCount; i++)
        {
            var end = VarInt(records, ref position);
            end = end > 0 && end <= records.Length - position ? position + end : throw new InvalidDataException($"Record {i} claims {end} bytes; {records.Length - position} remain.");
            var record = records[..(int)end];
            position++; // attributes
            var time = header.BaseTimestamp + VarInt(record, ref position);
            if (time != -1)
                (oldest, newest) = (Math.Min(oldest, time), Math.Max(newest, time));
            if (VarInt(record, ref position) is var delta && delta != i)
                throw new InvalidDataException($"Record {i} claims an offset delta of {delta}.");
            allKeyed &= Skip(record, ref position) >= 0;
            Skip(record, ref position); // value
            var headers = VarInt(record, ref position);
            for (var left = headers; left > 0; left--)
            {
                if (Skip(record, ref position) < 0)
                    throw new InvalidDataException($"A header of record {i} has no name.");
                Skip(record, ref position);
            }

            if (headers < 0 || position != end)
                throw new InvalidDataException($"Record {i} claims {headers} headers, and ends at byte {position} instead of {end} of the records.");
        }

        if (position != records.Length)
            throw new InvalidDataException($"{records.Length - position} bytes follow the last of {header.RecordCount} records.");
        return (oldest == long.MaxValue ? -1 : oldest, newest, allKeyed);
    }

    /// <returns>The field's length; negative for null.</returns>
    private static long Skip(ReadOnlySpan<byte> record, ref int position)
    {
        var length = VarInt(record, ref position);
        if (length > record.Length - position)
            throw new InvalidDataException($"A key, value or header claims {length} bytes; {record.Length - position} remain.");
        position += (int)Math.Max(length, 0);
        return length;
    }

    private static Record ReadOne(RecordBatchHeader header, ReadOnlyMemory<byte> raw)
    {
        var span = raw.Span;
        var position = 1;
        var timestamp = header.BaseTimestamp + VarInt(span, ref position);
        var offset = header.BaseOffset + VarInt(span, ref position);
        if (offset < header.BaseOffset || offset > header.LastOffset)
            throw new InvalidDataException($"A record claims offset {offset}; its batch has {header.BaseOffset} to {header.LastOffset}.");
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
