using Kappa.Iot.Contracts;

namespace Kappa.Iot.TrainingJob.Evaluation.Report;

/// <summary>Which signals are behind scores and alerts: their mean shares, as parts of 1, largest first.</summary>
internal static class SignalShares
{
    public static IEnumerable<(uint Signal, double Share)> Of(IEnumerable<Alert> alerts) => Mean(alerts.Select(alert => alert.Contributions));

    /// <summary>Of the alerts that found faults of a kind.</summary>
    public static IEnumerable<(uint Signal, double Share)> OfAlerts(ReportSubject subject, string kind)
    {
        var trips = subject.Trips.ToDictionary(trip => trip.Vehicle, StringComparer.Ordinal);
        return Of(subject.Result.ByFault.Where(found => found.Fault.Kind == kind && found.Delay is not null).Select(found =>
        {
            var trip = trips[found.Fault.Trip];
            return trip.Alerts.First(alert => Math.Abs((alert.RaisedAtMs - trip.StartMs) / 1000.0 - found.Fault.FromSecond - found.Delay!.Value) < 0.001);
        }));
    }

    /// <summary>Of all scores above the threshold while there was a fault.</summary>
    public static IEnumerable<(uint Signal, double Share)> OfFaults(ReportSubject subject)
    {
        var faults = subject.Result.ByFault.ToLookup(found => found.Fault.Trip, found => found.Fault, StringComparer.Ordinal);
        return Mean(subject.Trips.SelectMany(trip => trip.Steps.Where(step =>
        {
            var second = (step.Score.StartTimeMs - trip.StartMs) / 1000.0;
            return step.Score.Score_ >= 0.5f && faults[trip.Vehicle].Any(fault => second >= fault.FromSecond && second <= fault.ToSecond);
        })).Select(step => step.Score.Contributions));
    }

    private static IEnumerable<(uint Signal, double Share)> Mean(IEnumerable<IReadOnlyList<Contribution>> all)
    {
        var sums = new Dictionary<uint, double>();
        var count = 0;
        foreach (var parts in all.Where(parts => parts.Count > 0))
        {
            var whole = parts.Sum(part => (double)part.Share);
            if (whole <= 0) continue;
            count++;
            foreach (var part in parts) sums[part.Signal] = sums.GetValueOrDefault(part.Signal) + part.Share / whole;
        }
        return sums.Select(sum => (sum.Key, sum.Value / count)).OrderByDescending(sum => sum.Item2).ThenBy(sum => sum.Key);
    }
}
