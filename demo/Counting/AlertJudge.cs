using Kappa.Iot.Contracts;

namespace Kappa.Iot.Demo.Counting;

/// <summary>Holds the alerts that were raised against the faults that were injected.</summary>
public static class AlertJudge
{
    /// <summary>A repaired vehicle needs this long to look normal again: coolant cools down, windows forget.</summary>
    private static readonly TimeSpan Aftermath = TimeSpan.FromMinutes(10);

    /// <param name="alerts">Every alert once.</param>
    /// <param name="faults">Every fault once.</param>
    /// <param name="sinceMs">When this run of the demo began; earlier alerts are an earlier run's and do not count as its first.</param>
    public static Verdict Judge(IReadOnlyCollection<Alert> alerts, IReadOnlyCollection<InjectedFault> faults, long sinceMs = 0)
    {
        var detected = faults.Count(fault => alerts.Any(alert => BelongsTo(alert, fault)));
        var falseAlerts = alerts.Count(alert => !faults.Any(fault => BelongsTo(alert, fault)));
        var firstFound = alerts.Where(a => a.WrittenAtMs >= sinceMs && faults.Any(f => BelongsTo(a, f))).Select(a => (long?)a.WrittenAtMs).Min();
        return new Verdict(detected, falseAlerts, firstFound);
    }

    private static bool BelongsTo(Alert alert, InjectedFault fault) =>
        alert.Vin == fault.Vin
        && alert.RaisedAtMs >= fault.FromMs - 10_000 // a fault may begin within a batch; the alert carries the batch's start
        && (fault.ToMs is not { } end || alert.RaisedAtMs <= end + Aftermath.TotalMilliseconds);
}
