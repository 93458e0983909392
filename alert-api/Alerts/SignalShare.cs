using System.ComponentModel;
using Kappa.Iot.Contracts;

namespace Kappa.Iot.AlertApi.Alerts;

/// <summary>One signal's part in a score.</summary>
public sealed record SignalShare
{
    [Description("VSS path of the signal.")]
    public required string Signal { get; init; }

    [Description("Name for people.")]
    public required string Label { get; init; }

    [Description("Unit of observed and expected.")]
    public required string Unit { get; init; }

    [Description("Part of the score that comes from this signal; the shares of a score add up to it.")]
    public required float Share { get; init; }

    [Description("Mean over the batch; null where the signal was missing.")]
    public float? Observed { get; init; }

    [Description("What the model expected it to be; null where it has no expectation.")]
    public float? Expected { get; init; }

    internal static IReadOnlyList<SignalShare> From(IEnumerable<Contribution> contributions) =>
        [.. contributions.Select(From).OrderByDescending(c => c.Share)];

    private static SignalShare From(Contribution contribution)
    {
        var signal = SignalCatalogue.Find(contribution.Signal);
        return new()
        {
            Signal = signal?.Path ?? $"signal {contribution.Signal}",
            Label = signal?.Label ?? $"Signal {contribution.Signal}",
            Unit = signal?.Unit ?? "",
            Share = Finite(contribution.Share) ?? 0,
            Observed = Finite(contribution.Observed),
            Expected = Finite(contribution.Expected),
        };
    }

    private static float? Finite(float value) => float.IsFinite(value) ? value : null;
}
