using Kappa.Iot.Contracts;

namespace Kappa.Iot.Detection;

/// <summary>
/// One loaded model of one profile. Immutable and safe for any number of threads; no clock, no I/O, no randomness: the same window and
/// batch give the same score, bit for bit.
/// </summary>
public interface IDetector
{
    /// <summary>The model's id in the registry.</summary>
    string ModelId { get; }

    /// <summary>The kind of vehicle it was trained on.</summary>
    string Profile { get; }

    /// <summary>An empty window: what a vehicle starts with.</summary>
    VehicleWindow CreateWindow();

    /// <summary>A window as <see cref="VehicleWindow.Save"/> left it.</summary>
    /// <exception cref="InvalidDataException">The snapshot is damaged, or of a model with other signals.</exception>
    VehicleWindow RestoreWindow(ReadOnlySpan<byte> snapshot);

    /// <summary>Folds a batch into the window and scores it.</summary>
    /// <param name="window">This vehicle's window, made by this detector; changed by the call.</param>
    /// <param name="batch">Samples in the units of the signal catalogue; missing and unknown signals and NaN are allowed.</param>
    /// <returns>
    /// The score in [0,1], 0.5 being the alert threshold, and the shares of the signals behind it, largest first; the shares add up to
    /// the score. Without contributions the batch could not be judged yet. Offset and shadow are left to the caller.
    /// </returns>
    Score Apply(VehicleWindow window, TelemetryBatch batch);

    /// <summary>Folds and scores a batch each of several vehicles: the same, bit for bit, as one after the other, where that is cheaper. Where it throws, the windows are given back what they were and each vehicle is asked about alone.</summary>
    /// <param name="turns">Each of another vehicle, with a window made by this detector.</param>
    void Apply(ReadOnlySpan<VehicleTurn> turns)
    {
        foreach (var turn in turns) turn.Take(this);
    }

    /// <summary>What each signal of the window was in the step that was completed last, and what the model expects it to have been.</summary>
    /// <param name="window">This vehicle's window, made by this detector; not changed.</param>
    /// <param name="observed">Room for a value a signal of <see cref="VehicleWindow.Shape"/>, in the catalogue's unit; NaN where it has none.</param>
    /// <param name="expected">Room for as many; NaN where the model cannot say, or does not say such things.</param>
    void Explain(VehicleWindow window, Span<float> observed, Span<float> expected);
}
