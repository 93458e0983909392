using Kappa.Iot.AlertApi.Changes;
using Kappa.Iot.Contracts;

namespace Kappa.Iot.AlertApi.Vehicles;

/// <summary>The newest position, presence and score of every vehicle.</summary>
/// <param name="maxVehicles">Vehicles kept; those silent for longest are forgotten first.</param>
public sealed class VehicleBoard(int maxVehicles)
{
    private static readonly uint Latitude = SignalCatalogue.Get("Vehicle.CurrentLocation.Latitude").Id;
    private static readonly uint Longitude = SignalCatalogue.Get("Vehicle.CurrentLocation.Longitude").Id;
    private static readonly uint Heading = SignalCatalogue.Get("Vehicle.CurrentLocation.Heading").Id;
    private static readonly uint Speed = SignalCatalogue.Get("Vehicle.Speed").Id;
    private static readonly uint ObdSpeed = SignalCatalogue.Get("Vehicle.OBD.Speed").Id;

    /// <summary>Vehicles by change, for pushing.</summary>
    public ChangeLog<string, LiveVehicle> Vehicles { get; } = new(maxVehicles);

    /// <summary>Vehicles that are connected now.</summary>
    public int Online => Vehicles.CountWhere(vehicle => vehicle.Online == true);

    public LiveVehicle? Find(string vin) => Vehicles.TryFind(vin, out var vehicle) ? vehicle : null;

    /// <summary>Takes a batch of telemetry.</summary>
    /// <returns>False where it is not newer than what was taken before: it has no effect.</returns>
    public bool Apply(TelemetryBatch batch) => Vehicles.Update(batch.Vin, (old, _) =>
    {
        if (old is not null && (batch.BootId, batch.Sequence).CompareTo((old.BootId, old.Sequence)) <= 0) return old;

        var state = (old ?? new LiveVehicle { Vin = batch.Vin }) with
        {
            Profile = batch.Profile,
            BootId = batch.BootId,
            Sequence = batch.Sequence,
            SeenAt = EndOf(batch) ?? old?.SeenAt,
        };
        float? latitude = null, longitude = null;
        foreach (var column in batch.Columns)
        {
            if (column.Signal == Latitude) latitude = Last(column, -90, 90);
            else if (column.Signal == Longitude) longitude = Last(column, -180, 180);
            else if (column.Signal == Heading) state = state with { Heading = Last(column, 0, 360) ?? state.Heading };
            else if (column.Signal == Speed || column.Signal == ObdSpeed) state = state with { Speed = Last(column, 0, 1000) ?? state.Speed };
        }

        return latitude is { } north && longitude is { } east ? state with { Latitude = north, Longitude = east } : state;
    });

    public void Apply(Presence presence) => Vehicles.Update(presence.Vin, (old, _) =>
    {
        if (old is not null && presence.SessionEpoch < old.SessionEpoch) return old;
        if (old?.Online == presence.Online && old.SessionEpoch == presence.SessionEpoch) return old;
        return (old ?? new LiveVehicle { Vin = presence.Vin }) with { Online = presence.Online, SessionEpoch = presence.SessionEpoch };
    });

    /// <summary>Takes a score; those of models on trial are not shown.</summary>
    /// <returns>False where it is not newer than what was taken before: it has no effect.</returns>
    public bool Apply(Score score) => Vehicles.Update(score.Vin, (old, _) =>
    {
        if (score.Shadow || !float.IsFinite(score.Score_)) return old;
        if (old is not null && (score.BootId, score.Sequence).CompareTo((old.ScoredBootId, old.ScoredSequence)) <= 0) return old;
        return (old ?? new LiveVehicle { Vin = score.Vin, Profile = score.Profile }) with
        {
            Score = score.Score_,
            ScoredBootId = score.BootId,
            ScoredSequence = score.Sequence,
        };
    });

    private static DateTimeOffset? EndOf(TelemetryBatch batch)
    {
        var samples = batch.Columns.Count == 0 ? 0 : batch.Columns.Max(c => c.Values.Count);
        var end = batch.StartTimeMs + Math.Max(0, samples - 1) * (long)batch.SampleIntervalMs;
        return end > 0 && end < DateTimeOffset.MaxValue.ToUnixTimeMilliseconds() ? DateTimeOffset.FromUnixTimeMilliseconds(end) : null;
    }

    private static float? Last(SignalColumn column, float min, float max)
    {
        for (var i = column.Values.Count - 1; i >= 0; i--)
        {
            if (column.Values[i] >= min && column.Values[i] <= max) return column.Values[i];
        }

        return null;
    }
}
