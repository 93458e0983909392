using System.Text.Json.Serialization;
using Kappa.Iot.Contracts;

namespace Kappa.Iot.TrainingJob.Drift;

/// <summary>One signal, or the scores, now and in training.</summary>
internal sealed record DriftLine
{
    /// <summary>VSS path, or <c>score</c>.</summary>
    [JsonPropertyName("signal")] public required string Signal { get; init; }

    [JsonPropertyName("psi")] public required double Psi { get; init; }

    [JsonPropertyName("ks")] public required double Ks { get; init; }

    [JsonPropertyName("training_median")] public required double? TrainingMedian { get; init; }

    [JsonPropertyName("median")] public required double? Median { get; init; }

    /// <summary>Share of the batches without a value.</summary>
    [JsonPropertyName("training_missing")] public required double TrainingMissing { get; init; }

    [JsonPropertyName("missing")] public required double Missing { get; init; }

    [JsonPropertyName("drifted")] public required bool Drifted { get; init; }

    public static DriftLine Of(Sample training, Sample now, DriftThresholds thresholds)
    {
        double psi = DriftMeasures.PopulationStability(training, now), ks = DriftMeasures.KolmogorovSmirnov(training, now);
        return new DriftLine
        {
            Signal = training.Signal == Distributions.Scores ? "score" : SignalCatalogue.Find(training.Signal)?.Path ?? FormattableString.Invariant($"{training.Signal}"),
            Psi = psi,
            Ks = ks,
            TrainingMedian = double.IsNaN(training.Median) ? null : training.Median,
            Median = double.IsNaN(now.Median) ? null : now.Median,
            TrainingMissing = training.MissingShare,
            Missing = now.MissingShare,
            Drifted = psi >= thresholds.Psi || ks >= thresholds.Ks,
        };
    }
}
