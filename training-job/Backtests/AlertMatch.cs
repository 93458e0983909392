using Kappa.Iot.Contracts;

namespace Kappa.Iot.TrainingJob.Backtests;

/// <summary>An alert of the candidate, of the other model, or one that both raised.</summary>
/// <param name="Candidate">Null where only the other model raised it.</param>
/// <param name="Against">Null where only the candidate did.</param>
internal readonly record struct AlertMatch(Alert? Candidate, Alert? Against)
{
    /// <summary>How much later the candidate raised it; negative where it was earlier, null where only one did.</summary>
    public TimeSpan? Later => Candidate is null || Against is null ? null : TimeSpan.FromMilliseconds(Candidate.RaisedAtMs - Against.RaisedAtMs);

    /// <summary>
    /// Pairs episodes of the same vehicle that overlap in event time, those of the same type first, the closest beginnings first. An episode
    /// has one partner at most.
    /// </summary>
    /// <param name="candidate">The candidate's episodes.</param>
    /// <param name="against">The other model's.</param>
    public static IReadOnlyList<AlertMatch> Pair(IReadOnlyList<Alert> candidate, IReadOnlyList<Alert> against)
    {
        var byVehicle = against.Select((alert, index) => (Alert: alert, Index: index)).ToLookup(other => other.Alert.Vin, StringComparer.Ordinal);
        var pairs = candidate.SelectMany((alert, index) => byVehicle[alert.Vin].Where(other => Overlap(alert, other.Alert)).Select(other => (Own: index, Other: other.Index)))
            .OrderBy(pair => candidate[pair.Own].Type == against[pair.Other].Type ? 0 : 1)
            .ThenBy(pair => Math.Abs(candidate[pair.Own].RaisedAtMs - against[pair.Other].RaisedAtMs))
            .ThenBy(pair => pair.Own).ThenBy(pair => pair.Other);
        var partner = new int[candidate.Count];
        Array.Fill(partner, -1);
        var taken = new bool[against.Count];
        foreach (var (own, other) in pairs)
        {
            if (partner[own] >= 0 || taken[other]) continue;
            partner[own] = other;
            taken[other] = true;
        }
        return
        [
            .. candidate.Select((alert, index) => new AlertMatch(alert, partner[index] < 0 ? null : against[partner[index]])),
            .. against.Where((_, index) => !taken[index]).Select(alert => new AlertMatch(null, alert)),
        ];
    }

    private static bool Overlap(Alert a, Alert b) => a.RaisedAtMs <= End(b) && b.RaisedAtMs <= End(a);

    private static long End(Alert alert) => alert.Status == AlertStatus.Cleared ? alert.ClearedAtMs : long.MaxValue;
}
