using Kappa.Iot.Contracts;

namespace Kappa.Iot.ScoringService;

/// <summary>Finds for each alert of one generation its counterpart in another.</summary>
internal static class AlertMatching
{
    /// <summary>Alerts of one vehicle and type that are raised no further apart than this are taken for the same trouble, though they do not overlap.</summary>
    public static readonly TimeSpan Near = TimeSpan.FromMinutes(10);

    /// <param name="first">Alerts as they last were.</param>
    /// <param name="second">The same of the other generation.</param>
    public static IEnumerable<AlertDifference> Match(IEnumerable<Alert> first, IEnumerable<Alert> second)
    {
        var (byKind, othersByKind) = (first.ToLookup(Kind), second.ToLookup(Kind));
        foreach (var kind in byKind.Select(group => group.Key).Union(othersByKind.Select(group => group.Key)).Order(StringComparer.Ordinal))
        {
            var ours = byKind[kind].OrderBy(alert => alert.RaisedAtMs).ToList();
            var theirs = othersByKind[kind].OrderBy(alert => alert.RaisedAtMs).ToList();
            foreach (var one in ours.ToList())
            {
                if (theirs.Find(other => other.AlertId == one.AlertId) is not { } same) continue;
                ours.Remove(one);
                theirs.Remove(same);
                yield return new(one.Severity == same.Severity && one.ClearedAtMs == same.ClearedAtMs ? AlertFate.Same : AlertFate.Changed, one, same);
            }

            foreach (var one in ours)
            {
                var nearest = theirs.Where(other => AreNear(one, other)).MinBy(other => Math.Abs(other.RaisedAtMs - one.RaisedAtMs));
                if (nearest is not null) theirs.Remove(nearest);
                yield return new(nearest is null ? AlertFate.Lost : AlertFate.Moved, one, nearest);
            }

            foreach (var other in theirs) yield return new(AlertFate.Gained, null, other);
        }
    }

    private static string Kind(Alert alert) => $"{alert.Vin}/{alert.Type}";

    private static bool AreNear(Alert one, Alert other) =>
        (one.RaisedAtMs <= End(other) && other.RaisedAtMs <= End(one)) || Math.Abs(one.RaisedAtMs - other.RaisedAtMs) <= Near.TotalMilliseconds;

    private static long End(Alert alert) => alert.ClearedAtMs > 0 ? alert.ClearedAtMs : alert.LastSeenMs;
}
