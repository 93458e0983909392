using System.Globalization;
using System.Text;
using Confluent.Kafka;
using Kappa.Iot.Contracts;

namespace Kappa.Iot.Streaming;

/// <summary>Makes dead letters of records of the log: key and value as they were, and why and where from in the headers of <see cref="DeadLetterHeaders"/>.</summary>
public static class DeadLetter
{
    /// <param name="record">What could not be taken.</param>
    /// <param name="reason">One word, such as <c>Unreadable</c>.</param>
    /// <param name="detail">What exactly was wrong, for a person.</param>
    /// <param name="time">When that was found.</param>
    public static Message<byte[], byte[]> Of(ConsumeResult<byte[], byte[]> record, string reason, string detail, DateTimeOffset time) => new()
    {
        Key = record.Message.Key,
        Value = record.Message.Value,
        Headers =
        [
            Header(DeadLetterHeaders.Reason, reason),
            Header(DeadLetterHeaders.Detail, detail),
            Header(DeadLetterHeaders.Position, PositionOf(record)),
            Header(DeadLetterHeaders.Time, time.ToString("O", CultureInfo.InvariantCulture)),
        ],
    };

    /// <summary>Where in the log a record is, such as <c>telemetry/3@17</c>.</summary>
    public static string PositionOf(ConsumeResult<byte[], byte[]> record) =>
        string.Create(CultureInfo.InvariantCulture, $"{record.Topic}/{record.Partition.Value}@{record.Offset.Value}");

    private static Header Header(string name, string value) => new(name, Encoding.UTF8.GetBytes(value));
}
