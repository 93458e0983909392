using Kappa.Iot.Contracts;

namespace Kappa.Iot.Twins;

/// <summary>
/// Folds updates into a twin. Each section keeps the greatest of all versions it was shown, so the fold does not depend on their order or
/// number: it is associative, commutative and idempotent. No clock, no I/O.
/// </summary>
internal static class TwinFold
{
    /// <summary>The names alert types have in a twin, by their number.</summary>
    public static string AlertKey(AlertType type) => Enum.IsDefined(type) ? type.ToString().ToLowerInvariant() : $"type{(int)type}";

    /// <summary>Folds updates by vehicle.</summary>
    /// <returns>A state a vehicle, which knows nothing but these updates, and how many updates took effect on it.</returns>
    public static Dictionary<string, (TwinState State, int Updates, int Effective)> Coalesce(IReadOnlyList<TwinUpdate> updates)
    {
        var vehicles = new Dictionary<string, (TwinState State, int Updates, int Effective)>();
        foreach (var update in updates)
        {
            var (state, seen, effective) = vehicles.TryGetValue(update.Vin, out var known) ? known : (new TwinState(), 0, 0);
            vehicles[update.Vin] = (state, seen + 1, effective + (Apply(state, update) ? 1 : 0));
        }

        return vehicles;
    }

    /// <summary>Takes one update into a state.</summary>
    /// <returns>Whether the state changed.</returns>
    public static bool Apply(TwinState state, TwinUpdate update) => update switch
    {
        ReportedUpdate reported => ApplyTelemetry(state, reported),
        PresenceUpdate presence => TakePresence(state, Presence(presence)),
        AlertUpdate alert => TakeAlert(state, AlertKey(alert.Alert.Type), Alert(alert)),
        _ => throw new ArgumentException($"{update.GetType().Name} is no update that a twin knows.", nameof(update)),
    };

    /// <summary>Takes all that another state knows into this one.</summary>
    /// <returns>Whether the state changed.</returns>
    public static bool Join(TwinState state, TwinState other)
    {
        var changed = other.Reported is { } reported && TakeReported(state, reported);
        foreach (var (path, signal) in other.Signals) changed |= TakeSignal(state, path, signal);
        changed |= other.Presence is { } presence && TakePresence(state, presence);
        foreach (var (type, alert) in other.Alerts) changed |= TakeAlert(state, type, alert);
        return changed;
    }

    private static bool ApplyTelemetry(TwinState state, ReportedUpdate update)
    {
        var batch = update.Batch;
        var samples = 0;
        var changed = false;
        foreach (var column in batch.Columns)
        {
            samples = Math.Max(samples, column.Values.Count);
            if (SignalCatalogue.Find(column.Signal) is not { } known) continue;
            if (LastSample(column) is not (>= 0 and var index)) continue;

            // Adding zero makes a negative zero a plain one: not every store keeps its sign.
            changed |= TakeSignal(state, known.Path, new SignalState(batch.BootId, batch.Sequence, TimeOf(batch, index), column.Values[index] + 0.0));
        }

        var newest = TimeOf(batch, Math.Max(samples - 1, 0));
        return TakeReported(state, new ReportedState(batch.BootId, batch.Sequence, newest, update.Offset, update.Partition, batch.Profile)) | changed;
    }

    private static long TimeOf(TelemetryBatch batch, int sample) => batch.StartTimeMs + sample * (long)batch.SampleIntervalMs;

    /// <summary>Index of the last value that is a number, or -1.</summary>
    private static int LastSample(SignalColumn column)
    {
        var last = column.Values.Count - 1;
        while (last >= 0 && !float.IsFinite(column.Values[last])) last--;
        return last;
    }

    private static PresenceState Presence(PresenceUpdate update)
    {
        var presence = update.Presence;
        return new PresenceState(presence.SessionEpoch, update.Offset, update.Partition, presence.Online, presence.ChangedAtMs, (int)presence.Reason);
    }

    private static AlertState Alert(AlertUpdate update)
    {
        var alert = update.Alert;
        return new AlertState(update.Offset, update.Partition, alert.Status == AlertStatus.Active, alert.AlertId, (int)alert.Type, (int)alert.Severity,
            alert.RaisedAtMs, alert.LastSeenMs, float.IsFinite(alert.Score) ? alert.Score : 0, alert.ModelId);
    }

    private static bool TakeReported(TwinState state, ReportedState next)
    {
        if (state.Reported is { } now && (next.Boot, next.Sequence, next.Time, next.Offset).CompareTo((now.Boot, now.Sequence, now.Time, now.Offset)) <= 0)
            return false;
        state.Reported = next;
        return true;
    }

    private static bool TakeSignal(TwinState state, string path, SignalState next)
    {
        if (state.Signals.TryGetValue(path, out var now)
            && (next.Boot, next.Sequence, next.Time, next.Value).CompareTo((now.Boot, now.Sequence, now.Time, now.Value)) <= 0)
            return false;
        state.Signals[path] = next;
        return true;
    }

    private static bool TakePresence(TwinState state, PresenceState next)
    {
        if (state.Presence is { } now && (next.Epoch, next.Offset).CompareTo((now.Epoch, now.Offset)) <= 0) return false;
        state.Presence = next;
        return true;
    }

    private static bool TakeAlert(TwinState state, string type, AlertState next)
    {
        if (state.Alerts.TryGetValue(type, out var now) && next.Offset <= now.Offset) return false;
        state.Alerts[type] = next;
        return true;
    }
}
