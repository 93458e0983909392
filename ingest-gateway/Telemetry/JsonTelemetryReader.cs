using System.Globalization;
using System.Text.Json;
using Kappa.Iot.Contracts;

namespace Kappa.Iot.IngestGateway;

/// <summary>Reads telemetry as JSON into the same batch that Protobuf brings. No clock, no I/O.</summary>
public static class JsonTelemetryReader
{
    private const uint DefaultIntervalMs = 1000;

    /// <summary>Reads and checks a batch in JSON.</summary>
    /// <param name="vin">The vehicle of the MQTT topic.</param>
    /// <param name="now">The gateway's clock; also the start time of a message without one.</param>
    /// <param name="defaults">Boot and sequence of a message without them.</param>
    public static TelemetryRead Read(ReadOnlySpan<byte> payload, string vin, DateTimeOffset now, TelemetryOptions limits, JsonDefaults defaults)
    {
        if (payload.IsEmpty) return TelemetryRead.Rejected(RejectReason.Empty, "The payload is empty.");

        JsonTelemetry? json;
        try
        {
            json = JsonSerializer.Deserialize(payload, JsonTelemetryContext.Default.JsonTelemetry);
        }
        catch (JsonException e)
        {
            return TelemetryRead.Rejected(RejectReason.Unreadable, $"Not telemetry in JSON: {e.Message}");
        }

        if (json is null) return TelemetryRead.Rejected(RejectReason.Unreadable, "Not telemetry in JSON: the payload is null.");
        if (!TryStart(json.StartTime, now, out var startMs))
            return TelemetryRead.Rejected(RejectReason.Unreadable, $"startTime {json.StartTime.GetRawText()} is neither Unix milliseconds nor ISO 8601.");

        var batch = new TelemetryBatch
        {
            Vin = json.Vin ?? vin,
            Profile = json.Profile ?? "",
            BootId = json.BootId ?? defaults.BootId,
            Sequence = json.Sequence ?? defaults.Sequence,
            StartTimeMs = startMs,
            SampleIntervalMs = json.SampleIntervalMs ?? DefaultIntervalMs,
        };
        foreach (var (path, values) in json.Signals ?? [])
        {
            if (SignalCatalogue.Find(path) is not { } signal)
                return TelemetryRead.Rejected(RejectReason.UnknownSignal, $"Signal '{(path.Length <= 120 ? path : path[..120] + "…")}' is not in the catalogue.");
            var column = new SignalColumn { Signal = signal.Id };
            if (!TryValues(values, column)) return TelemetryRead.Rejected(RejectReason.Unreadable, $"'{path}' must be a number, or an array of numbers and nulls.");
            batch.Columns.Add(column);
        }

        return TelemetryReader.Checked(batch, vin, now, limits);
    }

    private static bool TryStart(JsonElement start, DateTimeOffset now, out long unixMs)
    {
        unixMs = now.ToUnixTimeMilliseconds();
        switch (start.ValueKind)
        {
            case JsonValueKind.Undefined or JsonValueKind.Null:
                return true;
            case JsonValueKind.Number:
                return start.TryGetInt64(out unixMs);
            case JsonValueKind.String when DateTimeOffset.TryParse(start.GetString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time):
                unixMs = time.ToUnixTimeMilliseconds();
                return true;
            default:
                return false;
        }
    }

    private static bool TryValues(JsonElement values, SignalColumn column)
    {
        if (values.ValueKind != JsonValueKind.Array) return TryAdd(values, column);
        foreach (var value in values.EnumerateArray())
        {
            if (!TryAdd(value, column)) return false;
        }

        return true;
    }

    private static bool TryAdd(JsonElement value, SignalColumn column)
    {
        if (value.ValueKind == JsonValueKind.Null)
        {
            column.Values.Add(float.NaN);
            return true;
        }

        if (value.ValueKind != JsonValueKind.Number || !value.TryGetSingle(out var number)) return false;
        column.Values.Add(number);
        return true;
    }
}
