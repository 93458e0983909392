using Kappa.Iot.Contracts;

namespace Kappa.Iot.Twins.Tests;

/// <summary>Updates as the log would have them.</summary>
internal static class Records
{
    public const uint Speed = 2;
    public const uint Coolant = 5;
    public const uint Latitude = 70;
    public const uint Longitude = 71;
    public const string SpeedPath = "Vehicle.OBD.Speed";
    public const string CoolantPath = "Vehicle.OBD.CoolantTemperature";

    /// <summary>A batch of one-second samples that starts ten seconds after its predecessor.</summary>
    public static ReportedUpdate Telemetry(
        string vin, long offset, ulong sequence, ulong boot = 1, string profile = "combustion", params (uint Signal, float[] Values)[] signals)
    {
        var batch = new TelemetryBatch
        {
            Vin = vin,
            Profile = profile,
            BootId = boot,
            Sequence = sequence,
            SampleIntervalMs = 1000,
            StartTimeMs = 1_700_000_000_000 + (long)boot * 1_000_000 + (long)sequence * 10_000,
        };
        foreach (var (signal, values) in signals) batch.Columns.Add(new SignalColumn { Signal = signal, Values = { values } });
        return new ReportedUpdate(batch, 3, offset);
    }

    public static PresenceUpdate Presence(string vin, long offset, ulong epoch, bool online) => new(
        new Presence
        {
            Vin = vin,
            Online = online,
            SessionEpoch = epoch,
            ChangedAtMs = 1_700_000_000_000 + offset,
            Reason = online ? PresenceReason.Connected : PresenceReason.ConnectionLost,
        }, 3, offset);

    public static AlertUpdate Alert(string vin, long offset, AlertType type, bool active) => new(
        new Alert
        {
            Vin = vin,
            AlertId = $"{vin}-{type}-{offset}",
            Type = type,
            Status = active ? AlertStatus.Active : AlertStatus.Cleared,
            Severity = Severity.Major,
            RaisedAtMs = 1_700_000_000_000,
            LastSeenMs = 1_700_000_000_000 + offset,
            Score = 0.75f,
            ModelId = "m1",
        }, 3, offset);
}
