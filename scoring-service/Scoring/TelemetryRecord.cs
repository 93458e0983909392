using System.Text;
using Confluent.Kafka;
using Google.Protobuf;
using Kappa.Iot.Contracts;

namespace Kappa.Iot.ScoringService;

/// <summary>A record of the telemetry topic, read: a batch, or the reason why it is none.</summary>
internal readonly record struct TelemetryRecord(TelemetryBatch? Batch, string Reason, string Detail)
{
    /// <param name="record">As it is in the log.</param>
    /// <param name="decoder">Of this thread.</param>
    /// <param name="into">May be used for the batch.</param>
    public static TelemetryRecord Read(ConsumeResult<byte[], byte[]> record, TelemetryDecoder decoder, TelemetryBatch into)
    {
        if (record.Message.Value is not { } value) return new(null, "Empty", "The record has no value.");
        TelemetryBatch batch;
        try
        {
            batch = decoder.Read(value, into);
        }
        catch (InvalidProtocolBufferException e)
        {
            return new(null, "Unreadable", e.Message);
        }

        if (!VehicleId.IsValid(batch.Vin)) return new(null, "Unreadable", "The batch names no vehicle.");
        if (!Ascii.Equals(record.Message.Key ?? [], batch.Vin)) return new(null, "WrongVehicle", $"The batch is of vehicle '{batch.Vin}', the record's key is another.");
        return new(batch, "", "");
    }
}
