using Kappa.Iot.Contracts;

namespace Kappa.Iot.Detection;

/// <summary>Which signals a window keeps. Two windows with the same signals in the same order have the same shape.</summary>
public sealed class WindowShape
{
    private readonly short[] _indexOfSignal;

    /// <param name="signals">Ids of the signal catalogue.</param>
    /// <param name="notes">Numbers that the detector keeps in the window for itself.</param>
    /// <exception cref="ArgumentException">A signal appears twice.</exception>
    public WindowShape(IReadOnlyList<uint> signals, int notes = 0)
    {
        Notes = notes;
        Signals = [.. signals];
        Resolutions = [.. signals.Select(id => SignalCatalogue.Find(id)?.Resolution ?? 0)];
        _indexOfSignal = new short[signals.Count == 0 ? 1 : checked((int)signals.Max() + 1)];
        Array.Fill(_indexOfSignal, (short)-1);
        for (var i = 0; i < Signals.Count; i++)
        {
            if (_indexOfSignal[Signals[i]] >= 0) throw new ArgumentException($"Signal {Signals[i]} appears twice.", nameof(signals));
            _indexOfSignal[Signals[i]] = (short)i;
        }
    }

    public IReadOnlyList<uint> Signals { get; }

    /// <summary>Length of <see cref="VehicleWindow.Notes"/>.</summary>
    internal int Notes { get; }

    /// <summary>Step of each sensor's own scale, 0 where it has none.</summary>
    internal IReadOnlyList<float> Resolutions { get; }

    /// <summary>Place of a signal in the window, or -1.</summary>
    public int IndexOf(uint signal) => signal < (uint)_indexOfSignal.Length ? _indexOfSignal[signal] : -1;

    /// <summary>Every signal of the catalogue that says something about a vehicle's health.</summary>
    public static WindowShape AllScored { get; } = new([.. SignalCatalogue.All.Where(s => s.Scored).Select(s => s.Id)]);
}
