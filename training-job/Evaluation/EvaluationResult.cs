using System.Text.Json.Serialization;
using Kappa.Iot.Contracts;

namespace Kappa.Iot.TrainingJob.Evaluation;

/// <summary>How a model did on labelled trips.</summary>
internal sealed record EvaluationResult
{
    /// <summary>An alert this soon after a fault's end still counts as having found it.</summary>
    private const double GraceSeconds = 60;

    /// <summary>By sample: how well scores separate faulty samples from normal ones.</summary>
    [JsonPropertyName("auc")] public required double Auc { get; init; }

    [JsonPropertyName("average_precision")] public required double AveragePrecision { get; init; }

    /// <summary>Share of the faults during which an alert was raised.</summary>
    [JsonPropertyName("recall")] public required double Recall { get; init; }

    /// <summary>Alerts raised outside faults, by hours outside faults.</summary>
    [JsonPropertyName("false_alerts_per_hour")] public required double FalseAlertsPerHour { get; init; }

    /// <summary>From a fault's start to the first alert raised during it, over the faults that were found.</summary>
    [JsonPropertyName("median_delay_s")] public required double? MedianDelaySeconds { get; init; }

    [JsonPropertyName("faults")] public required int Faults { get; init; }

    [JsonPropertyName("found")] public required int Found { get; init; }

    [JsonPropertyName("false_alerts")] public required int FalseAlerts { get; init; }

    [JsonPropertyName("normal_hours")] public required double NormalHours { get; init; }

    /// <summary>Per fault, seconds to its alert; null where it was missed.</summary>
    [JsonIgnore] public IReadOnlyList<(Fault Fault, double? Delay, AlertType? Type)> ByFault { get; init; } = [];

    /// <summary>Measures.</summary>
    /// <exception cref="CommandException">A label is of no trip, or there is nothing to measure.</exception>
    public static EvaluationResult Measure(IReadOnlyList<ScoredTrip> trips, IReadOnlyList<Fault> faults)
    {
        if (faults.Count == 0) throw new CommandException("The labels name no fault.");
        var byTrip = faults.ToLookup(fault => fault.Trip, StringComparer.Ordinal);
        var known = trips.Select(trip => trip.Vehicle).ToHashSet(StringComparer.Ordinal);
        if (faults.FirstOrDefault(fault => !known.Contains(fault.Trip)) is { } lost) throw new CommandException($"The labels name the trip '{lost.Trip}', but there is no such trace.");

        var byFault = new List<(Fault, double?, AlertType?)>();
        var falseAlerts = 0;
        var normalSamples = 0.0;
        foreach (var trip in trips)
        {
            var here = byTrip[trip.Vehicle].ToList();
            foreach (var fault in here)
            {
                var alert = trip.Alerts.Where(alert => During(fault, Second(trip, alert.RaisedAtMs))).MinBy(alert => alert.RaisedAtMs);
                byFault.Add((fault, alert is null ? null : Second(trip, alert.RaisedAtMs) - fault.FromSecond, alert?.Type));
            }
            falseAlerts += trip.Alerts.Count(alert => !here.Exists(fault => During(fault, Second(trip, alert.RaisedAtMs))));
            for (var i = 0; i < trip.Samples.Count; i++)
            {
                var second = Second(trip, trip.Samples[i].TimeMs);
                if (here.Exists(fault => During(fault, second))) continue;
                normalSamples += i + 1 < trip.Samples.Count ? Math.Min(60, (trip.Samples[i + 1].TimeMs - trip.Samples[i].TimeMs) / 1000.0) : 0;
            }
        }

        var (auc, precision) = RankingMetrics.Measure(trips.SelectMany(trip => trip.Samples.Select(sample =>
        {
            var second = Second(trip, sample.TimeMs);
            return (sample.Score, byTrip[trip.Vehicle].Any(fault => second >= fault.FromSecond && second <= fault.ToSecond));
        })));
        var delays = byFault.Select(found => found.Item2).OfType<double>().Order().ToList();
        var hours = normalSamples / 3600;
        return new EvaluationResult
        {
            Auc = auc,
            AveragePrecision = precision,
            Recall = delays.Count / (double)faults.Count,
            FalseAlertsPerHour = hours > 0 ? falseAlerts / hours : 0,
            MedianDelaySeconds = delays.Count == 0 ? null : (delays[(delays.Count - 1) / 2] + delays[delays.Count / 2]) / 2,
            Faults = faults.Count,
            Found = delays.Count,
            FalseAlerts = falseAlerts,
            NormalHours = hours,
            ByFault = byFault,
        };
    }

    private static double Second(ScoredTrip trip, long timeMs) => (timeMs - trip.StartMs) / 1000.0;

    private static bool During(Fault fault, double second) => second >= fault.FromSecond && second <= fault.ToSecond + GraceSeconds;
}
