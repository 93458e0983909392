using Kappa.Iot.Contracts;

namespace Kappa.Iot.ScoringService;

/// <summary>Settles what a cutover writes. Pure: what stands live and in the generation in, changes out.</summary>
internal static class CutoverPlan
{
    /// <summary>The changes that make the live alerts of a range of event time those of a generation.</summary>
    /// <param name="live">The newest record of each key that is live.</param>
    /// <param name="generation">The newest record of each key of the generation.</param>
    /// <param name="fromMs">First event time of the range.</param>
    /// <param name="toMs">First event time after it.</param>
    /// <returns>By key, the alert that stands from now on; null where none does.</returns>
    /// <remarks>
    /// What the live scorer says of the time after the range stands. What it said before the range stands too, unless the generation knows
    /// better. An episode that the generation left open, and nobody carries on live, ends with the range.
    /// </remarks>
    public static IEnumerable<(string Key, Alert? Alert)> Changes(IReadOnlyDictionary<string, Alert> live, IReadOnlyDictionary<string, Alert> generation, long fromMs, long toMs)
    {
        foreach (var key in live.Keys.Union(generation.Keys).Order(StringComparer.Ordinal))
        {
            var (now, wanted) = (live.GetValueOrDefault(key), generation.GetValueOrDefault(key)?.Clone());
            if (now is not null && Math.Max(now.LastSeenMs, now.ClearedAtMs) >= toMs) continue;
            if (wanted is null)
            {
                if (now!.RaisedAtMs >= fromMs) yield return (key, null);
                continue;
            }

            if (wanted.Status == AlertStatus.Active && !(now?.Status == AlertStatus.Active && now.AlertId == wanted.AlertId))
            {
                wanted.Status = AlertStatus.Cleared;
                wanted.ClearedAtMs = Math.Max(toMs, wanted.LastSeenMs);
            }

            wanted.WrittenAtMs = now?.WrittenAtMs ?? 0;
            if (!wanted.Equals(now)) yield return (key, wanted);
        }
    }
}
