using Kappa.Iot.Contracts;

namespace Kappa.Iot.AlertApi.Running;

/// <summary>Messages as the other services write them.</summary>
public static class Samples
{
    public static readonly Signal Coolant = SignalCatalogue.Get("Vehicle.OBD.CoolantTemperature");
    public static readonly Signal EngineSpeed = SignalCatalogue.Get("Vehicle.OBD.EngineSpeed");
    public static readonly Signal Speed = SignalCatalogue.Get("Vehicle.Speed");
    public static readonly Signal Latitude = SignalCatalogue.Get("Vehicle.CurrentLocation.Latitude");
    public static readonly Signal Longitude = SignalCatalogue.Get("Vehicle.CurrentLocation.Longitude");

    /// <summary>A batch of ten samples a second apart that ends now, or <paramref name="ago"/> before now.</summary>
    public static TelemetryBatch Telemetry(
        string vin, ulong sequence = 1, ulong boot = 1, double latitude = 48.1, double longitude = 11.5, float coolant = 90, TimeSpan ago = default, string profile = "combustion")
    {
        var start = DateTimeOffset.UtcNow - ago - TimeSpan.FromSeconds(10);
        var batch = new TelemetryBatch
        {
            Vin = vin,
            Profile = profile,
            BootId = boot,
            Sequence = sequence,
            StartTimeMs = start.ToUnixTimeMilliseconds(),
            SampleIntervalMs = 1000,
        };
        Add(batch, Latitude, i => (float)latitude);
        Add(batch, Longitude, i => (float)longitude);
        Add(batch, Speed, i => 50 + i);
        Add(batch, Coolant, i => coolant);
        return batch;
    }

    public static void Add(TelemetryBatch batch, Signal signal, Func<int, float> value) =>
        batch.Columns.Add(new SignalColumn { Signal = signal.Id, Values = { Enumerable.Range(0, 10).Select(value) } });

    public static Score Score(TelemetryBatch batch, float score) => new()
    {
        Vin = batch.Vin,
        Profile = batch.Profile,
        ModelId = "m1",
        BootId = batch.BootId,
        Sequence = batch.Sequence,
        StartTimeMs = batch.StartTimeMs,
        DurationMs = 10_000,
        Score_ = score,
        Contributions = { new Contribution { Signal = Coolant.Id, Share = score, Observed = 118, Expected = 90 } },
    };

    public static Alert Alert(
        string vin, AlertType type = AlertType.Cooling, Severity severity = Severity.Major, AlertStatus status = AlertStatus.Active,
        string? id = null, DateTimeOffset? raisedAt = null)
    {
        var raised = (raisedAt ?? DateTimeOffset.UtcNow).ToUnixTimeMilliseconds();
        return new()
        {
            AlertId = id ?? $"{vin}-{type}-1",
            Vin = vin,
            Profile = "combustion",
            Type = type,
            Status = status,
            Severity = severity,
            RaisedAtMs = raised,
            LastSeenMs = raised,
            ClearedAtMs = status == AlertStatus.Cleared ? raised + 60_000 : 0,
            Score = 0.8f,
            ModelId = "m1",
            FirstOffset = 3,
            LastOffset = 4,
            WrittenAtMs = raised,
            Contributions =
            {
                new Contribution { Signal = Coolant.Id, Share = 0.6f, Observed = 118, Expected = 90 },
                new Contribution { Signal = EngineSpeed.Id, Share = 0.2f, Observed = 2100, Expected = 2400 },
            },
        };
    }

    public static Presence Presence(string vin, bool online = true, ulong epoch = 1) => new()
    {
        Vin = vin,
        Online = online,
        SessionEpoch = epoch,
        ChangedAtMs = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(),
        Reason = online ? PresenceReason.Connected : PresenceReason.Disconnected,
    };

    /// <summary>A version of a model, and that it scores its profile's vehicles.</summary>
    public static IEnumerable<(string Key, RegistryEntry Entry)> ActiveModel(string profile, string id)
    {
        var now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        var version = new ModelVersion
        {
            ModelId = id,
            Profile = profile,
            Detector = "residuals",
            CreatedAtMs = now,
            CreatedBy = "a test",
            Lineage = new() { Source = "telemetry", FromMs = now - 3_600_000, ToMs = now, CodeVersion = "0.1.0", Vehicles = 5, Batches = 100, DataFingerprint = "abc" },
            Artifact = new() { Chunks = 1, SizeBytes = 1000 },
            Metrics = { ["false_alerts_per_hour"] = 0.1, ["broken"] = double.PositiveInfinity },
        };
        yield return (id, new RegistryEntry { Version = version });
        yield return (profile, new RegistryEntry { Active = new() { Profile = profile, ModelId = id, PromotedAtMs = now, PromotedBy = "a test" } });
    }
}
