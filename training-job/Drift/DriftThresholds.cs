using System.Text.Json.Serialization;

namespace Kappa.Iot.TrainingJob.Drift;

/// <summary>From where on a change is called drift; either measure is enough.</summary>
/// <param name="Psi">Population stability index.</param>
/// <param name="Ks">Kolmogorov and Smirnov's statistic.</param>
internal sealed record DriftThresholds([property: JsonPropertyName("psi")] double Psi, [property: JsonPropertyName("ks")] double Ks)
{
    public static DriftThresholds Default { get; } = new(0.25, 0.2);
}
