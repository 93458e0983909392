using System.Text;
using Confluent.Kafka;
using Google.Protobuf;
using Kappa.Iot.Contracts;
using Kappa.Iot.Twins;

namespace Kappa.Iot.DigitalTwinSink.Tests;

public sealed class RecordReaderTests
{
    private static readonly string Telemetry = TopicCatalogue.Telemetry.Name;

    [Fact]
    public void Read_GoodRecords_GiveTheirUpdates()
    {
        var batch = new TelemetryBatch { Vin = "V1", BootId = 1, Sequence = 2 };
        Assert.Equal(new ReportedUpdate(batch, 3, 17), Assert.IsType<RecordRead.Update>(Read(Telemetry, "V1", batch)).Change);

        var presence = new Presence { Vin = "V1", Online = true };
        Assert.Equal(new PresenceUpdate(presence, 3, 17), Assert.IsType<RecordRead.Update>(Read(TopicCatalogue.Presence.Name, "V1", presence)).Change);

        var alert = new Alert { Vin = "V1", Type = AlertType.Tyres };
        Assert.Equal(new AlertUpdate(alert, 3, 17), Assert.IsType<RecordRead.Update>(Read(TopicCatalogue.Alerts.Name, "V1/tyres", alert)).Change);
    }

    [Fact]
    public void Read_CompactedAway_GivesNothing()
    {
        Assert.IsType<RecordRead.Nothing>(RecordReader.Read(Record(TopicCatalogue.Presence.Name, "V1", null)));
        Assert.IsType<RecordRead.Nothing>(RecordReader.Read(Record(TopicCatalogue.Alerts.Name, "V1/tyres", null)));
        Assert.IsType<RecordRead.Rejected>(RecordReader.Read(Record(Telemetry, "V1", null)));
    }

    [Fact]
    public void Read_AnyBytes_NeverThrows()
    {
        var random = new Random(1);
        for (var i = 0; i < 20_000; i++)
        {
            var value = new byte[random.Next(60)];
            random.NextBytes(value);
            foreach (var topic in RecordReader.Topics) Assert.NotNull(RecordReader.Read(Record(topic, "V1", value)));
        }
    }

    [Theory]
    [InlineData("V2", "V1", 1UL, 0L, "WrongVehicle")]
    [InlineData("V1/x", "V1/x", 1UL, 0L, "Unreadable")]
    [InlineData("V1", "V1", ulong.MaxValue, 0L, "Unreadable")]
    [InlineData("V1", "V1", 1UL, long.MaxValue, "Unreadable")]
    [InlineData("V1", "V1", 1UL, -1L, "Unreadable")]
    public void Read_WhatNoStoreCouldTake_IsRejected(string key, string vin, ulong boot, long time, string reason)
    {
        var read = Read(Telemetry, key, new TelemetryBatch { Vin = vin, BootId = boot, StartTimeMs = time });
        Assert.Equal(reason, Assert.IsType<RecordRead.Rejected>(read).Reason);
    }

    private static RecordRead Read(string topic, string key, IMessage message) => RecordReader.Read(Record(topic, key, message.ToByteArray()));

    private static ConsumeResult<byte[], byte[]> Record(string topic, string key, byte[]? value) => new()
    {
        TopicPartitionOffset = new TopicPartitionOffset(topic, 3, 17),
        Message = new Message<byte[], byte[]> { Key = Encoding.UTF8.GetBytes(key), Value = value! },
    };
}
