using Kappa.Iot.Contracts;
using Kappa.Iot.Detection;

namespace Kappa.Iot.ScoringService.Tests;

/// <summary>A detector that breaks on some batches, and counts what it is asked. Asked about many vehicles it always breaks, when it has taken all of their batches.</summary>
internal sealed class BreakingDetector(IDetector inner, Predicate<TelemetryBatch> breaks) : IDetector
{
    private int _asked;

    public string ModelId => inner.ModelId;

    public string Profile => inner.Profile;

    /// <summary>Batches it was given one at a time.</summary>
    public int Asked => _asked;

    public VehicleWindow CreateWindow() => inner.CreateWindow();

    public VehicleWindow RestoreWindow(ReadOnlySpan<byte> snapshot) => inner.RestoreWindow(snapshot);

    public Score Apply(VehicleWindow window, TelemetryBatch batch)
    {
        Interlocked.Increment(ref _asked);
        var score = inner.Apply(window, batch);
        return breaks(batch) ? throw new InvalidOperationException($"{batch.Vin} {batch.Sequence}") : score;
    }

    public void Apply(ReadOnlySpan<VehicleTurn> turns)
    {
        inner.Apply(turns);
        throw new InvalidOperationException($"All {turns.Length} of them.");
    }

    public void Explain(VehicleWindow window, Span<float> observed, Span<float> expected) => inner.Explain(window, observed, expected);
}
