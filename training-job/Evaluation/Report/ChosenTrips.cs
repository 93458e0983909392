using Kappa.Iot.Contracts;

namespace Kappa.Iot.TrainingJob.Evaluation.Report;

/// <summary>A trip that a report shows.</summary>
/// <param name="Trip">What the detector said of it.</param>
/// <param name="Fault">The fault in it, or null.</param>
/// <param name="Heading">Why it is shown.</param>
/// <param name="Story">What came of it.</param>
internal sealed record ChosenTrip(ScoredTrip Trip, Fault? Fault, string Heading, string Story)
{
    /// <summary>One of each: found soonest, found latest, missed, false alert, nothing wrong. What there is none of is left out.</summary>
    public static IReadOnlyList<ChosenTrip> Choose(ReportSubject subject)
    {
        var trips = subject.Trips.ToDictionary(trip => trip.Vehicle, StringComparer.Ordinal);
        var found = subject.Result.ByFault.Where(fault => fault.Delay is not null).OrderBy(fault => fault.Delay).ToList();
        // The one that was missed by most comes first: it says most of what the detector cannot see.
        var missed = subject.Result.ByFault.Where(fault => fault.Delay is null).OrderBy(fault => PeakDuring(trips[fault.Fault.Trip], fault.Fault)).ToList();
        var faulty = subject.Result.ByFault.Select(fault => fault.Fault.Trip).ToHashSet(StringComparer.Ordinal);
        var chosen = new List<ChosenTrip>();
        void Add(string heading, (Fault Fault, double? Delay, AlertType? Type) of) => chosen.Add(new ChosenTrip(
            trips[of.Fault.Trip], of.Fault, heading,
            of.Delay is { } delay
                ? $"{Words(of.Fault.Kind)} in {of.Fault.Trip}: an alert of type {of.Type} after {delay:0} s."
                : $"{Words(of.Fault.Kind)} in {of.Fault.Trip}: no alert; the score rose to {PeakDuring(trips[of.Fault.Trip], of.Fault):0.00} at most."));
        if (found.Count > 0) Add("Found early", found[0]);
        if (found.Count > 2) Add("Found in median time", found[found.Count / 2]);
        if (found.Count > 1) Add("Found late", found[^1]);
        if (missed.Count > 0) Add("Missed, by far", missed[0]);
        if (missed.Count > 1) Add("Missed, by little", missed[^1]);
        if (subject.Trips.FirstOrDefault(trip => subject.Result.FalseAlertsOf(trip) > 0) is { } wrong)
        {
            var fault = subject.Result.ByFault.Select(of => of.Fault).FirstOrDefault(of => of.Trip == wrong.Vehicle);
            chosen.Add(new ChosenTrip(wrong, fault, "False alert", $"{wrong.Vehicle}: an alert was raised {(fault is null ? "in a normal trip" : $"outside the fault ({Words(fault.Kind)})")}."));
        }
        if (subject.Trips.Where(trip => !faulty.Contains(trip.Vehicle) && trip.Alerts.Count == 0).MaxBy(trip => trip.Samples.Count) is { } quiet)
            chosen.Add(new ChosenTrip(quiet, null, "Nothing wrong", $"{quiet.Vehicle}: a normal trip, and no alert."));
        return chosen;
    }

    /// <summary>A fault's kind as people read it.</summary>
    public static string Words(string kind) => kind.Replace('_', ' ');

    private static float PeakDuring(ScoredTrip trip, Fault fault) => trip.Samples
        .Where(sample => (sample.TimeMs - trip.StartMs) / 1000.0 is var second && second >= fault.FromSecond && second <= fault.ToSecond)
        .Select(sample => sample.Score).DefaultIfEmpty(0).Max();
}
