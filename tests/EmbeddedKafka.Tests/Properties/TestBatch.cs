using System.Text;
using Kappa.Iot.Embedded.Log;

namespace Kappa.Iot.Embedded.Tests.Properties;

/// <summary>Batches as a client would send them.</summary>
internal static class TestBatch
{
    public static byte[] Make(
        IReadOnlyList<(string Key, string? Value, long Timestamp)> records, long producerId, short epoch, int sequence, bool transactional, CompressionType compression)
    {
        var first = records[0].Timestamp;
        var raw = records.Select((r, i) => (ReadOnlyMemory<byte>)Encode(r.Key, r.Value, r.Timestamp - first, i)).ToList();
        var attributes = RecordBatchHeader.MakeAttributes(compression, transactional, control: false);
        return RecordBatchBuilder.Assemble(
            new RecordBatchHeader(0, 0, 2, 0, attributes, records.Count - 1, first, records.Max(r => r.Timestamp), producerId, epoch, sequence, records.Count), raw);
    }

    private static byte[] Encode(string key, string? value, long timestampDelta, int offsetDelta)
    {
        var bytes = new List<byte> { 0 };
        Number(timestampDelta);
        Number(offsetDelta);
        Field(key);
        Field(value);
        Number(0);
        return [.. bytes];

        void Field(string? text)
        {
            var utf8 = text is null ? null : Encoding.UTF8.GetBytes(text);
            Number(utf8?.Length ?? -1);
            bytes.AddRange(utf8 ?? []);
        }

        void Number(long value)
        {
            var zigzag = (ulong)((value << 1) ^ (value >> 63));
            for (; zigzag >= 0x80; zigzag >>= 7)
                bytes.Add((byte)(zigzag | 0x80));
            bytes.Add((byte)zigzag);
        }
    }
}
