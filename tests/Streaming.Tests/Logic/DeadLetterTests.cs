using System.Globalization;
using System.Text;
using Confluent.Kafka;

namespace Kappa.Iot.Streaming.Tests.Logic;

public sealed class DeadLetterTests
{
    private static readonly DateTimeOffset Time = new(2026, 6, 1, 12, 0, 0, 123, TimeSpan.Zero);

    [Fact]
    public void Of_ARecord_HasItsKeyAndValueAndSaysWhyAndWhereFrom()
    {
        var letter = DeadLetter.Of(Record([1, 2], [0xFF, 3]), "Unreadable", "Nobody reads ‰ this.", Time);

        Assert.Equal([1, 2], letter.Key);
        Assert.Equal([0xFF, 3], letter.Value);
        Assert.Equal(
        [
            ("reason", "Unreadable"),
            ("detail", "Nobody reads ‰ this."),
            ("position", "telemetry/3@12345678901"),
            ("time", "2026-06-01T12:00:00.1230000+00:00"),
        ], letter.Headers.Select(header => (header.Key, Encoding.UTF8.GetString(header.GetValueBytes()))));
    }

    [Fact]
    public void Of_ARecordWithoutKeyAndValue_HasNone()
    {
        var letter = DeadLetter.Of(Record(null, null), "Unreadable", "", Time);

        Assert.Null(letter.Key);
        Assert.Null(letter.Value);
    }

    [Fact]
    public void PositionOf_WhereNumbersAreWrittenInAnotherWay_IsTheSame()
    {
        var before = CultureInfo.CurrentCulture;
        try
        {
            var other = (CultureInfo)CultureInfo.InvariantCulture.Clone();
            other.NumberFormat.NegativeSign = "minus ";
            CultureInfo.CurrentCulture = other;

            Assert.Equal("telemetry/3@-1001", DeadLetter.PositionOf(Record(null, null, Offset.Unset)));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    private static ConsumeResult<byte[], byte[]> Record(byte[]? key, byte[]? value, long offset = 12_345_678_901) => new()
    {
        TopicPartitionOffset = new TopicPartitionOffset("telemetry", 3, offset),
        Message = new Message<byte[], byte[]> { Key = key!, Value = value! },
    };
}
