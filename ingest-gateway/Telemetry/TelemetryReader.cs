using Google.Protobuf;
using Kappa.Iot.Contracts;

namespace Kappa.Iot.IngestGateway;

/// <summary>Reads what vehicles send. No clock, no I/O.</summary>
public static class TelemetryReader
{
    /// <summary>Reads and checks a <see cref="TelemetryBatch"/> in Protobuf.</summary>
    /// <param name="vin">The vehicle of the MQTT topic.</param>
    /// <param name="now">The gateway's clock.</param>
    public static TelemetryRead Read(ReadOnlySpan<byte> payload, string vin, DateTimeOffset now, TelemetryOptions limits)
    {
        if (payload.IsEmpty) return TelemetryRead.Rejected(RejectReason.Empty, "The payload is empty.");

        TelemetryBatch batch;
        try
        {
            batch = TelemetryBatch.Parser.ParseFrom(payload);
        }
        catch (InvalidProtocolBufferException e)
        {
            return TelemetryRead.Rejected(RejectReason.Unreadable, $"Not a TelemetryBatch in Protobuf: {e.Message}");
        }

        return Checked(batch, vin, now, limits);
    }

    internal static TelemetryRead Checked(TelemetryBatch batch, string vin, DateTimeOffset now, TelemetryOptions limits) =>
        TelemetryCheck.Find(batch, vin, now, limits) is { } wrong ? TelemetryRead.Rejected(wrong.Reason, wrong.Detail) : TelemetryRead.Of(batch);
}
