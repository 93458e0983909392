using System.Collections.ObjectModel;
using Kappa.Iot.Contracts;

namespace Kappa.Iot.Twins;

/// <summary>Shows a state as the twin that callers see.</summary>
internal static class TwinView
{
    public const string Latitude = "Vehicle.CurrentLocation.Latitude";
    public const string Longitude = "Vehicle.CurrentLocation.Longitude";

    public static Twin Of(string vin, TwinState state) => new()
    {
        Vin = vin,
        Profile = state.Reported?.Profile,
        Reported = state.Reported is { } reported ? Reported(state, reported) : null,
        Presence = state.Presence is { } presence ? Presence(presence) : null,
        Alerts = [.. state.Alerts.Values.Where(alert => alert.Open).OrderBy(alert => alert.Type).Select(Alert)],
    };

    private static TwinReported Reported(TwinState state, ReportedState reported) => new()
    {
        Time = Time(reported.Time),
        BootId = reported.Boot,
        Sequence = reported.Sequence,
        Signals = new ReadOnlyDictionary<string, double>(state.Signals.ToDictionary(s => s.Key, s => s.Value.Value)),
        SignalTimes = new ReadOnlyDictionary<string, DateTimeOffset>(state.Signals.ToDictionary(s => s.Key, s => Time(s.Value.Time))),
        Latitude = state.Signals.TryGetValue(Latitude, out var latitude) ? latitude.Value : null,
        Longitude = state.Signals.TryGetValue(Longitude, out var longitude) ? longitude.Value : null,
        Partition = reported.Partition,
        Offset = reported.Offset,
    };

    private static TwinPresence Presence(PresenceState presence) => new()
    {
        Online = presence.Online,
        ChangedAt = Time(presence.ChangedAt),
        Reason = (PresenceReason)presence.Reason,
        SessionEpoch = presence.Epoch,
        Partition = presence.Partition,
        Offset = presence.Offset,
    };

    private static TwinAlert Alert(AlertState alert) => new()
    {
        AlertId = alert.AlertId,
        Type = (AlertType)alert.Type,
        Severity = (Severity)alert.Severity,
        RaisedAt = Time(alert.RaisedAt),
        LastSeen = Time(alert.LastSeen),
        Score = alert.Score,
        ModelId = alert.ModelId,
        Partition = alert.Partition,
        Offset = alert.Offset,
    };

    /// <summary>A time that a vehicle made up must not make its twin unreadable.</summary>
    private static DateTimeOffset Time(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(
        Math.Clamp(milliseconds, DateTimeOffset.MinValue.ToUnixTimeMilliseconds(), DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()));
}
