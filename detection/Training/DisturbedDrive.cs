using Kappa.Iot.Contracts;

namespace Kappa.Iot.Detection.Training;

/// <summary>A stretch of normal driving with a change in it that no working vehicle makes: what detectors can be compared by without known faults.</summary>
/// <param name="Batches">The whole stretch.</param>
/// <param name="FromMs">Event time at which the batch begins in which the change sets in.</param>
/// <param name="ToMs">Event time at which the change ends.</param>
public sealed record DisturbedDrive(IReadOnlyList<TelemetryBatch> Batches, long FromMs, long ToMs)
{
    private const double LookBackSeconds = 30;

    // Strength is measured by a tenth of the signal's deviation: from hardly visible to twice as far as the signal ever goes.
    private const float ScaleOfDeviation = 0.1f;

    /// <summary>Draws a change of one or few signals.</summary>
    /// <param name="batches">A vehicle's normal driving, in order, of one boot; it changes after a third of it.</param>
    /// <param name="deviations">By signal id, the standard deviation in normal driving; signals that are not here stay as they are.</param>
    /// <param name="seed">The same seed draws the same change.</param>
    public static DisturbedDrive Draw(IReadOnlyList<TelemetryBatch> batches, IReadOnlyDictionary<uint, float> deviations, ulong seed)
    {
        var signals = deviations.Where(signal => signal.Value > 0).Select(signal => signal.Key).Order().ToList();
        if (signals.Count == 0) throw new ArgumentException("No signal moves: there is nothing to disturb.", nameof(deviations));
        var onset = batches.Count / 3;
        var span = DisturbedSpan.Draw(
            batches, onset, new WindowShape(signals), [.. signals.Select(signal => deviations[signal] * ScaleOfDeviation)], new Draws(seed), LookBackSeconds, double.MaxValue, 0);
        var disturbed = batches.Select((batch, i) => i >= onset && i < span.StopBatch ? span.Batch(i) : batch).ToList();
        var last = batches[span.StopBatch - 1];
        return new DisturbedDrive(disturbed, batches[onset].StartTimeMs, last.StartTimeMs + last.DurationMs());
    }
}
