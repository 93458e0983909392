using Google.Protobuf.Collections;
using Kappa.Iot.Contracts;

namespace Kappa.Iot.IngestGateway;

/// <summary>What every batch must keep to before it may go on the log. No clock, no I/O.</summary>
public static class TelemetryCheck
{
    /// <summary>Those who read the log have signed numbers of 64 bits.</summary>
    private const ulong MaxNumber = long.MaxValue;

    /// <summary>Looks for the first thing that is wrong.</summary>
    /// <param name="vin">The vehicle of the MQTT topic.</param>
    /// <param name="now">The gateway's clock.</param>
    /// <returns>Null where the batch is right.</returns>
    public static Rejection? Find(TelemetryBatch batch, string vin, DateTimeOffset now, TelemetryOptions limits)
    {
        if (batch.Vin != vin) return new(RejectReason.WrongVehicle, $"The batch names vehicle '{Shortened(batch.Vin)}', its topic '{vin}'.");
        return Missing(batch) ?? Columns(batch.Columns, limits) ?? Time(batch, now, limits);
    }

    private static Rejection? Missing(TelemetryBatch batch)
    {
        if (batch.Profile.Length == 0) return Incomplete("profile", "the vehicle's kind, such as 'combustion'");
        if (!VehicleId.IsValid(batch.Profile))
            return new(RejectReason.Incomplete, $"profile '{Shortened(batch.Profile)}' is not 1 to {VehicleId.MaxLength} letters, digits, '-', '_' or '.'.");
        if (batch.BootId == 0) return Incomplete("boot_id", "a number that rises with every start of the unit");
        if (batch.Sequence == 0) return Incomplete("sequence", "1 for the first batch after a boot, then rising by one");
        if (batch.BootId > MaxNumber) return new(RejectReason.Unreadable, $"boot_id {batch.BootId} is above {MaxNumber}.");
        if (batch.Sequence > MaxNumber) return new(RejectReason.Unreadable, $"sequence {batch.Sequence} is above {MaxNumber}.");
        if (batch.SampleIntervalMs == 0) return Incomplete("sample_interval_ms", "the time between two samples, at least 1 ms");
        if (batch.Columns.Count == 0) return new(RejectReason.Empty, "The batch has no columns.");
        return null;
    }

    private static Rejection? Time(TelemetryBatch batch, DateTimeOffset now, TelemetryOptions limits)
    {
        var (startMs, latestMs) = (batch.StartTimeMs, (now + limits.MaxClockLead).ToUnixTimeMilliseconds());
        if (startMs < limits.Earliest.ToUnixTimeMilliseconds())
            return new(RejectReason.FromThePast, $"start_time_ms {startMs} ({Iso(startMs)}) is before {limits.Earliest:yyyy-MM-dd}.");
        if (startMs > latestMs)
            return new(RejectReason.FromTheFuture, $"start_time_ms {startMs} ({Iso(startMs)}) is more than {limits.MaxClockLead} ahead of the gateway's clock ({now:O}).");
        if (batch.SampleIntervalMs > limits.MaxSampleInterval.TotalMilliseconds)
            return new(RejectReason.FromTheFuture, $"sample_interval_ms {batch.SampleIntervalMs} is more than {limits.MaxSampleInterval}.");

        var samples = batch.Columns[0].Values.Count;
        var lastMs = startMs + (samples - 1L) * batch.SampleIntervalMs;
        if (lastMs <= latestMs) return null;
        return new(RejectReason.FromTheFuture,
            $"The last of {samples} samples, {batch.SampleIntervalMs} ms apart from {Iso(startMs)} on, is of {Iso(lastMs)}: more than {limits.MaxClockLead} ahead of the gateway's clock ({now:O}).");
    }

    private static Rejection? Columns(RepeatedField<SignalColumn> columns, TelemetryOptions limits)
    {
        var samples = columns[0].Values.Count;
        if (samples == 0) return new(RejectReason.Empty, "The batch's columns have no values.");
        if (samples > limits.MaxSamples) return new(RejectReason.TooManySamples, $"The batch has {samples} samples; at most {limits.MaxSamples} are taken.");

        for (var i = 0; i < columns.Count; i++)
        {
            var column = columns[i];
            if (SignalCatalogue.Find(column.Signal) is null)
                return new(RejectReason.UnknownSignal, $"Signal {column.Signal} (column {i + 1} of {columns.Count}) is not in the catalogue.");
            if (column.Values.Count != samples)
                return new(RejectReason.Uneven, $"Signal {column.Signal} has {column.Values.Count} values, the first column {samples}.");
            for (var j = 0; j < i; j++)
            {
                if (columns[j].Signal == column.Signal) return new(RejectReason.Uneven, $"Signal {column.Signal} has two columns.");
            }

            foreach (var value in column.Values)
            {
                if (float.IsInfinity(value)) return new(RejectReason.NotFinite, $"Signal {column.Signal} has an infinite value; a missing one is NaN.");
            }
        }

        return null;
    }

    private static Rejection Incomplete(string field, string meaning) => new(RejectReason.Incomplete, $"{field} is missing: {meaning}.");

    private static string Shortened(string text) => text.Length <= 80 ? text : text[..80] + "…";

    /// <summary>The time as people write it; Unix milliseconds reach further than the calendar does.</summary>
    private static string Iso(long unixMs) =>
        unixMs >= DateTimeOffset.MinValue.ToUnixTimeMilliseconds() && unixMs <= DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()
            ? DateTimeOffset.FromUnixTimeMilliseconds(unixMs).ToString("O")
            : "beyond the calendar";
}
