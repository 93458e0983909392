using Kappa.Iot.Embedded.Protocol;

namespace Kappa.Iot.Embedded.Log;

/// <summary>What a client's batch has to be before it is stored. Looks into compressed records only where the topic is compacted: there each needs a key.</summary>
internal static class BatchValidation
{
    public static AppendResult? Check(ReadOnlyMemory<byte> batch, LogSettings settings, long now, out RecordBatchHeader header)
    {
        header = default;
        if (batch.Length < RecordBatchHeader.Length)
            return AppendResult.Refused(ErrorCode.CorruptMessage, $"A record batch has at least {RecordBatchHeader.Length} bytes, this one {batch.Length}.");

        header = RecordBatchHeader.Read(batch.Span);
        if (header.Magic != RecordBatchHeader.CurrentMagic)
            return AppendResult.Refused(ErrorCode.UnsupportedForMessageFormat, $"Record format {header.Magic} is not supported, only 2.");
        if (header.Size != batch.Length)
            return AppendResult.Refused(ErrorCode.InvalidRecord, "A produce request carries exactly one record batch per partition.");
        if (batch.Length > settings.MaxMessageBytes)
            return AppendResult.Refused(ErrorCode.MessageTooLarge, $"The batch has {batch.Length} bytes; max.message.bytes is {settings.MaxMessageBytes}.");
        if (!RecordBatchHeader.HasValidCrc(batch.Span, header.Crc))
            return AppendResult.Refused(ErrorCode.CorruptMessage, "The batch's checksum does not match its content.");
        if (header.RecordCount <= 0 || header.LastOffsetDelta != header.RecordCount - 1)
            return AppendResult.Refused(ErrorCode.InvalidRecord, $"The batch claims {header.RecordCount} records and a last offset delta of {header.LastOffsetDelta}.");
        if (header.IsControl)
            return AppendResult.Refused(ErrorCode.InvalidRecord, "Clients do not write control batches.");
        if (header.Compression > CompressionType.Zstd)
            return AppendResult.Refused(ErrorCode.UnsupportedCompressionType, $"Compression type {(int)header.Compression} is unknown.");
        if (header.ProducerId >= 0 && (header.BaseSequence < 0 || header.ProducerEpoch < 0))
            return AppendResult.Refused(ErrorCode.InvalidRecord, "A batch with a producer id needs an epoch and a sequence.");
        if (header.IsTransactional && header.ProducerId < 0)
            return AppendResult.Refused(ErrorCode.InvalidRecord, "A transactional batch needs a producer id.");
        return CheckTime(header, settings, now) ?? CheckRecords(header, batch.Span) ?? (settings.Compact ? CheckKeys(header, batch) : null);
    }

    private static AppendResult? CheckRecords(in RecordBatchHeader header, ReadOnlySpan<byte> batch)
    {
        if (header.Compression != CompressionType.None)
            return null;
        try
        {
            RecordReader.Check(header, batch);
            return null;
        }
        catch (InvalidDataException e)
        {
            return AppendResult.Refused(ErrorCode.InvalidRecord, e.Message);
        }
    }

    private static AppendResult? CheckTime(in RecordBatchHeader header, LogSettings settings, long now)
    {
        if (settings.LogAppendTime)
            return null;
        if (settings.TimestampAfterMax is { } after && header.MaxTimestamp - now > after.TotalMilliseconds)
            return AppendResult.Refused(ErrorCode.InvalidTimestamp, $"A record's time {header.MaxTimestamp} is more than {after} ahead of the broker's clock.");
        if (settings.TimestampBeforeMax is { } before && now - header.BaseTimestamp > before.TotalMilliseconds)
            return AppendResult.Refused(ErrorCode.InvalidTimestamp, $"A record's time {header.BaseTimestamp} is more than {before} behind the broker's clock.");
        return null;
    }

    private static AppendResult? CheckKeys(RecordBatchHeader header, ReadOnlyMemory<byte> batch)
    {
        Compression.Gate.Wait();
        try
        {
            return RecordReader.Read(header, batch).Any(r => r.Key is null)
                ? AppendResult.Refused(ErrorCode.InvalidRecord, "Compacted topic cannot accept message without key.")
                : null;
        }
        catch (InvalidDataException e)
        {
            return AppendResult.Refused(ErrorCode.CorruptMessage, e.Message);
        }
        finally
        {
            Compression.Gate.Release();
        }
    }
}
