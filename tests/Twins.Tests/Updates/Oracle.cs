using Kappa.Iot.Contracts;

namespace Kappa.Iot.Twins.Tests;

/// <summary>What a twin must be, said as plainly as possible from the whole log at once.</summary>
internal static class Oracle
{
    public static string? Expect(string vin, IEnumerable<TwinUpdate> log)
    {
        var updates = log.Where(update => update.Vin == vin).OrderBy(update => update.Offset).ToList();
        if (updates.Count == 0) return null;

        var batches = updates.OfType<ReportedUpdate>().OrderBy(u => u.Batch.BootId).ThenBy(u => u.Batch.Sequence).ThenBy(u => u.Offset).ToList();
        var signals = new SortedDictionary<string, double>(StringComparer.Ordinal);
        foreach (var column in batches.SelectMany(batch => batch.Batch.Columns))
        {
            if (column.Values.Any(float.IsFinite)) signals[SignalCatalogue.Find(column.Signal)!.Path] = column.Values.Last(float.IsFinite);
        }

        var presence = updates.OfType<PresenceUpdate>().OrderBy(u => u.Presence.SessionEpoch).LastOrDefault();
        var open = updates.OfType<AlertUpdate>().GroupBy(u => u.Alert.Type).Select(type => type.Last()).Where(u => u.Alert.Status == AlertStatus.Active);
        return Text(
            batches.LastOrDefault() is { } newest ? (newest.Batch.BootId, newest.Batch.Sequence, newest.Offset) : null, signals,
            presence is null ? null : (presence.Presence.Online, presence.Offset), open.OrderBy(u => u.Alert.Type).Select(u => u.Alert.AlertId));
    }

    public static string? Show(Twin? twin) => twin is null ? null : Text(
        twin.Reported is { } reported ? (reported.BootId, reported.Sequence, reported.Offset) : null,
        new SortedDictionary<string, double>(twin.Reported?.Signals.ToDictionary() ?? [], StringComparer.Ordinal),
        twin.Presence is { } presence ? (presence.Online, presence.Offset) : null, twin.Alerts.Select(alert => alert.AlertId));

    private static string Text(
        (ulong Boot, ulong Sequence, long Offset)? reported, SortedDictionary<string, double> signals, (bool Online, long Offset)? presence, IEnumerable<string> alerts) =>
        $"reported {reported}; {string.Join(", ", signals)}; presence {presence}; alerts {string.Join(", ", alerts)}";
}
