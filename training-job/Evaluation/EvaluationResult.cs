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

    /// <summary>Of each figure, the range that 95 % of resampled sets of trips fall into.</summary>
    [JsonPropertyName("intervals")] public Dictionary<string, double[]> Intervals { get; init; } = [];

    /// <summary>Faults by kind.</summary>
    [JsonPropertyName("kinds")] public Dictionary<string, KindResult> Kinds { get; init; } = [];

    /// <summary>Other detectors, trained and measured in the same way.</summary>
    [JsonPropertyName("baselines")] public Dictionary<string, EvaluationResult> Baselines { get; init; } = [];

    /// <summary>Per fault, seconds to its alert; null where it was missed.</summary>
    [JsonIgnore] public IReadOnlyList<(Fault Fault, double? Delay, AlertType? Type)> ByFault { get; init; } = [];

    /// <summary>Precision and recall by sample, over all thresholds.</summary>
    [JsonIgnore] public IReadOnlyList<CurvePoint> Curve { get; init; } = [];

    /// <summary>How many alerts of a trip were raised outside its faults.</summary>
    public int FalseAlertsOf(ScoredTrip trip) => Outcome.Of(trip, [.. ByFault.Select(found => found.Fault).Where(fault => fault.Trip == trip.Vehicle)]).FalseAlerts;

    /// <summary>Measures.</summary>
    /// <exception cref="CommandException">A label is of no trip, or there is nothing to measure.</exception>
    public static EvaluationResult Measure(IReadOnlyList<ScoredTrip> trips, IReadOnlyList<Fault> faults)
    {
        if (faults.Count == 0) throw new CommandException("The labels name no fault.");
        var byTrip = faults.ToLookup(fault => fault.Trip, StringComparer.Ordinal);
        var known = trips.Select(trip => trip.Vehicle).ToHashSet(StringComparer.Ordinal);
        if (faults.FirstOrDefault(fault => !known.Contains(fault.Trip)) is { } lost) throw new CommandException($"The labels name the trip '{lost.Trip}', but there is no such trace.");

        var outcomes = trips.Select(trip => Outcome.Of(trip, [.. byTrip[trip.Vehicle]])).ToList();
        var ranking = new RankingMetrics(trips.SelectMany((trip, number) => trip.Samples.Select(sample =>
        {
            var second = Second(trip, sample.TimeMs);
            return (sample.Score, number, byTrip[trip.Vehicle].Any(fault => second >= fault.FromSecond && second <= fault.ToSecond));
        })));
        var all = Sum(outcomes, ranking, _ => 1);
        return new EvaluationResult
        {
            Auc = all.Auc,
            AveragePrecision = all.AveragePrecision,
            Recall = all.Recall,
            FalseAlertsPerHour = all.FalseAlertsPerHour,
            MedianDelaySeconds = all.MedianDelay,
            Faults = faults.Count,
            Found = outcomes.Sum(outcome => outcome.Faults.Count(fault => fault.Delay is not null)),
            FalseAlerts = outcomes.Sum(outcome => outcome.FalseAlerts),
            NormalHours = outcomes.Sum(outcome => outcome.NormalHours),
            Curve = ranking.Curve(),
            ByFault = [.. outcomes.SelectMany(outcome => outcome.Faults)],
            Intervals = Bootstrap.Intervals(trips.Count, weight => Sum(outcomes, ranking, weight).Named()),
            Kinds = outcomes.SelectMany(outcome => outcome.Faults).GroupBy(found => found.Fault.Kind).OrderBy(kind => kind.Key, StringComparer.Ordinal).ToDictionary(
                kind => kind.Key,
                kind => new KindResult(kind.Count(), kind.Count(found => found.Delay is not null), Median([.. kind.Select(found => found.Delay).OfType<double>()]))),
        };
    }

    private static Figures Sum(List<Outcome> outcomes, RankingMetrics ranking, Func<int, int> weight)
    {
        var (auc, precision) = ranking.Measure(weight);
        int faults = 0, falseAlerts = 0;
        var hours = 0.0;
        var delays = new List<double>();
        for (var trip = 0; trip < outcomes.Count; trip++)
        {
            var times = weight(trip);
            faults += times * outcomes[trip].Faults.Count;
            falseAlerts += times * outcomes[trip].FalseAlerts;
            hours += times * outcomes[trip].NormalHours;
            foreach (var delay in outcomes[trip].Faults.Select(fault => fault.Delay).OfType<double>()) delays.AddRange(Enumerable.Repeat(delay, times));
        }
        return new Figures(auc, precision, faults == 0 ? double.NaN : delays.Count / (double)faults, hours > 0 ? falseAlerts / hours : 0, Median(delays));
    }

    private static double? Median(List<double> values)
    {
        values.Sort();
        return values.Count == 0 ? null : (values[(values.Count - 1) / 2] + values[values.Count / 2]) / 2;
    }

    private static double Second(ScoredTrip trip, long timeMs) => (timeMs - trip.StartMs) / 1000.0;

    private static bool During(Fault fault, double second) => second >= fault.FromSecond && second <= fault.ToSecond + GraceSeconds;

    private readonly record struct Figures(double Auc, double AveragePrecision, double Recall, double FalseAlertsPerHour, double? MedianDelay)
    {
        public IEnumerable<(string Name, double Value)> Named() =>
        [
            ("auc", Auc), ("average_precision", AveragePrecision), ("recall", Recall),
            ("false_alerts_per_hour", FalseAlertsPerHour), ("median_delay_s", MedianDelay ?? double.NaN),
        ];
    }

    /// <summary>What came of one trip.</summary>
    private sealed record Outcome(IReadOnlyList<(Fault Fault, double? Delay, AlertType? Type)> Faults, int FalseAlerts, double NormalHours)
    {
        public static Outcome Of(ScoredTrip trip, List<Fault> faults)
        {
            var found = faults.ConvertAll(fault =>
            {
                var alert = trip.Alerts.Where(alert => During(fault, Second(trip, alert.RaisedAtMs))).MinBy(alert => alert.RaisedAtMs);
                return (fault, alert is null ? (double?)null : Second(trip, alert.RaisedAtMs) - fault.FromSecond, alert?.Type);
            });
            var normalSeconds = 0.0;
            for (var i = 0; i + 1 < trip.Samples.Count; i++)
            {
                var second = Second(trip, trip.Samples[i].TimeMs);
                if (!faults.Exists(fault => During(fault, second))) normalSeconds += Math.Min(60, (trip.Samples[i + 1].TimeMs - trip.Samples[i].TimeMs) / 1000.0);
            }
            return new Outcome(found, trip.Alerts.Count(alert => !faults.Exists(fault => During(fault, Second(trip, alert.RaisedAtMs)))), normalSeconds / 3600);
        }
    }
}

/// <summary>How a kind of fault was found.</summary>
/// <param name="Faults">How many there were.</param>
/// <param name="Found">How many raised an alert.</param>
/// <param name="MedianDelaySeconds">Over those that did.</param>
internal sealed record KindResult(
    [property: JsonPropertyName("faults")] int Faults,
    [property: JsonPropertyName("found")] int Found,
    [property: JsonPropertyName("median_delay_s")] double? MedianDelaySeconds);
