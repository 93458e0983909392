using Confluent.Kafka;
using Google.Protobuf;
using Kappa.Iot.Contracts;
using Kappa.Iot.Twins;

namespace Kappa.Iot.DigitalTwinSink;

/// <summary>Reads the records of the three topics that twins are made of. What others wrote is checked here once, so that no store ever refuses an update.</summary>
internal static class RecordReader
{
    /// <summary>Stores have signed numbers of 64 bits.</summary>
    private const ulong MaxNumber = long.MaxValue;

    private static readonly long LatestTime = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds() - uint.MaxValue * 1_000L;

    /// <summary>The topics it reads.</summary>
    public static IReadOnlyList<string> Topics { get; } = [TopicCatalogue.Telemetry.Name, TopicCatalogue.Presence.Name, TopicCatalogue.Alerts.Name];

    public static RecordRead Read(ConsumeResult<byte[], byte[]> record)
    {
        var telemetry = record.Topic == TopicCatalogue.Telemetry.Name;
        if (record.Message.Value is not { } value) return telemetry ? Unreadable("it has no value") : RecordRead.Nothing.Instance;
        try
        {
            if (telemetry) return Telemetry(record, TelemetryBatch.Parser.ParseFrom(value));
            if (record.Topic == TopicCatalogue.Presence.Name) return Presence(record, Contracts.Presence.Parser.ParseFrom(value));
            if (record.Topic == TopicCatalogue.Alerts.Name) return Alert(record, Contracts.Alert.Parser.ParseFrom(value));
        }
        catch (InvalidProtocolBufferException e)
        {
            return Unreadable(e.Message);
        }

        throw new ArgumentException($"Twins are not made of topic '{record.Topic}'.", nameof(record));
    }

    private static RecordRead Telemetry(ConsumeResult<byte[], byte[]> record, TelemetryBatch batch)
    {
        if (CheckVehicle(record, batch.Vin, batch.Vin) is { } wrong) return wrong;
        if (batch.BootId > MaxNumber || batch.Sequence > MaxNumber) return Unreadable($"boot id {batch.BootId} or sequence {batch.Sequence} is above {MaxNumber}");
        if (batch.StartTimeMs < 0 || batch.StartTimeMs > LatestTime) return Unreadable($"start time {batch.StartTimeMs} is no time between 1970 and 9999");
        return new RecordRead.Update(new ReportedUpdate(batch, record.Partition, record.Offset));
    }

    private static RecordRead Presence(ConsumeResult<byte[], byte[]> record, Presence presence)
    {
        if (CheckVehicle(record, presence.Vin, presence.Vin) is { } wrong) return wrong;
        if (presence.SessionEpoch > MaxNumber) return Unreadable($"session epoch {presence.SessionEpoch} is above {MaxNumber}");
        return new RecordRead.Update(new PresenceUpdate(presence, record.Partition, record.Offset));
    }

    private static RecordRead Alert(ConsumeResult<byte[], byte[]> record, Alert alert)
    {
        var key = $"{alert.Vin}/{alert.Type.ToString().ToLowerInvariant()}";
        if (CheckVehicle(record, alert.Vin, key) is { } wrong) return wrong;
        return new RecordRead.Update(new AlertUpdate(alert, record.Partition, record.Offset));
    }

    /// <summary>A record under another vehicle's key would be in another partition, and two processes could write one twin.</summary>
    private static RecordRead.Rejected? CheckVehicle(ConsumeResult<byte[], byte[]> record, string vin, string key)
    {
        if (!VehicleId.IsValid(vin)) return Unreadable($"'{vin[..Math.Min(vin.Length, VehicleId.MaxLength)]}' is no vehicle id");
        var found = record.Message.Key is { } bytes ? System.Text.Encoding.UTF8.GetString(bytes) : "";
        return found == key ? null : new RecordRead.Rejected("WrongVehicle", $"the key is '{found}', but the content is of '{key}'");
    }

    private static RecordRead.Rejected Unreadable(string detail) => new("Unreadable", detail);
}
