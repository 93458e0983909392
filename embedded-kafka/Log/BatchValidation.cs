using Kappa.Iot.Embedded.Protocol;

namespace Kappa.Iot.Embedded.Log;

/// <summary>
/// What a client's batch has to be before it is stored. Looks into compressed records only where the topic is compacted: there each needs a key.
/// Where the records are not as late as the header says, or the client claims to stamp for the broker, the header is set right.
/// </summary>
internal static class BatchValidation
{
    public static AppendResult? Check(Memory<byte> batch, bool mayBeTransactional, LogSettings settings, long now, out RecordBatchHeader header)
    {
        header = default;
        if (batch.Length < RecordBatchHeader.Length)
            return AppendResult.Refused(ErrorCode.InvalidRecord, $"A record batch has at least {RecordBatchHeader.Length} bytes, this one {batch.Length}.");

        header = RecordBatchHeader.Read(batch.Span);
        if (header.Magic != RecordBatchHeader.CurrentMagic)
        {
            return AppendResult.Refused(
                header.Magic < RecordBatchHeader.CurrentMagic ? ErrorCode.InvalidRecord : ErrorCode.CorruptMessage, $"Record format {header.Magic} is not supported, only 2.");
        }

        if (header.Size < 0)
            return AppendResult.Refused(ErrorCode.CorruptMessage, "The batch's length makes no sense.");
        if (header.Size > batch.Length)
            return AppendResult.Refused(ErrorCode.InvalidRecord, $"The batch claims {header.Size} bytes; {batch.Length} are there.");
        if (header.Size > settings.MaxMessageBytes)
            return AppendResult.Refused(ErrorCode.MessageTooLarge, $"The batch has {header.Size} bytes; max.message.bytes is {settings.MaxMessageBytes}.");
        if (!RecordBatchHeader.HasValidCrc(batch.Span[..header.Size], header.Crc))
            return AppendResult.Refused(ErrorCode.CorruptMessage, "The batch's checksum does not match its content.");
        if (header.Size != batch.Length)
            return AppendResult.Refused(ErrorCode.InvalidRecord, "A produce request carries exactly one record batch per partition.");
        if (header.IsTransactional && !mayBeTransactional)
            return AppendResult.Refused(ErrorCode.TransactionalIdAuthorizationFailed, "A request with a transactional batch has to name a transactional id.");
        if (header.RecordCount <= 0 || header.LastOffsetDelta != header.RecordCount - 1)
            return AppendResult.Refused(ErrorCode.InvalidRecord, $"The batch claims {header.RecordCount} records and a last offset delta of {header.LastOffsetDelta}.");
        if (header.IsControl)
            return AppendResult.Refused(ErrorCode.InvalidRecord, "Clients do not write control batches.");
        if (header.Compression > CompressionType.Zstd)
            return AppendResult.Refused(ErrorCode.UnknownServerError, $"Compression type {(int)header.Compression} is unknown.");
        if (header.ProducerId >= 0 && (header.BaseSequence < 0 || header.ProducerEpoch < 0))
            return AppendResult.Refused(ErrorCode.InvalidRecord, "A batch with a producer id needs an epoch and a sequence.");
        if (header.IsTransactional && header.ProducerId < 0)
            return AppendResult.Refused(ErrorCode.InvalidRecord, "A transactional batch needs a producer id.");
        if (header.HasLogAppendTime && settings.LogAppendTime)
            return AppendResult.Refused(ErrorCode.InvalidTimestamp, "Clients do not mark batches as stamped by the broker.");

        var refused = CheckRecords(header, batch, settings.Compact, out var oldest, out var newest)
            ?? CheckTime(oldest, newest, settings, now);
        if (refused is null && !settings.LogAppendTime && (newest != header.MaxTimestamp || header.HasLogAppendTime))
        {
            RecordBatchHeader.SetCreateTime(batch.Span, newest);
            header = RecordBatchHeader.Read(batch.Span);
        }

        return refused;
    }

    /// <param name="oldest">The smallest time of a record, in a compressed batch that is not looked into that of the first; -1 where none has one.</param>
    /// <param name="newest">The largest, in a compressed batch that is not looked into what the header says; -1 where none has one.</param>
    private static AppendResult? CheckRecords(in RecordBatchHeader header, ReadOnlyMemory<byte> batch, bool keyed, out long oldest, out long newest)
    {
        (oldest, newest) = (header.BaseTimestamp, header.MaxTimestamp);
        if (header.Compression == CompressionType.None)
            return CheckRecords(header, batch.Span[RecordBatchHeader.Length..], keyed, out oldest, out newest);
        if (!keyed)
            return null;
        if (header.Size == RecordBatchHeader.Length && header.Compression != CompressionType.Zstd)
            return AppendResult.Refused(ErrorCode.UnknownServerError, $"Something compressed as {header.Compression} takes more than no bytes.");

        Compression.Gate.Wait();
        try
        {
            return CheckRecords(header, Compression.Unpack(header.Compression, batch[RecordBatchHeader.Length..]).Span, keyed, out oldest, out newest);
        }
        catch (InvalidDataException e)
        {
            return AppendResult.Refused(ErrorCode.UnknownServerError, e.Message);
        }
        finally
        {
            Compression.Gate.Release();
        }
    }

    private static AppendResult? CheckRecords(in RecordBatchHeader header, ReadOnlySpan<byte> records, bool keyed, out long oldest, out long newest)
    {
        try
        {
            (oldest, newest, var allKeyed) = RecordReader.Check(header, records);
            return keyed && !allKeyed ? AppendResult.Refused(ErrorCode.InvalidRecord, "Compacted topic cannot accept message without key.") : null;
        }
        catch (InvalidDataException e)
        {
            (oldest, newest) = (-1, -1);
            return AppendResult.Refused(ErrorCode.InvalidRecord, e.Message);
        }
    }

    private static AppendResult? CheckTime(long oldest, long newest, LogSettings settings, long now)
    {
        if (settings.LogAppendTime)
            return null;
        if (settings.TimestampAfterMax is { } after && newest - now > after.TotalMilliseconds)
            return AppendResult.Refused(ErrorCode.InvalidTimestamp, $"A record's time {newest} is more than {after} ahead of the broker's clock.");
        if (settings.TimestampBeforeMax is { } before && oldest != -1 && (double)now - oldest > before.TotalMilliseconds)
            return AppendResult.Refused(ErrorCode.InvalidTimestamp, $"A record's time {oldest} is more than {before} behind the broker's clock.");
        return null;
    }
}
