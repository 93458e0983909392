namespace Kappa.Iot.Detection;

/// <summary>Everything of a virtual-sensor model but its trees, as it is kept in the artifact.</summary>
public sealed record VirtualSensorModel
{
    /// <summary>Name of this kind of detector in the registry and in the artifact.</summary>
    public const string Detector = "virtual-sensors";

    public required string Profile { get; init; }

    /// <summary>One a signal, in the window's order.</summary>
    public required IReadOnlyList<VirtualSensor> Sensors { get; init; }

    /// <summary>Classifiers of all signals together; their models follow the sensors'.</summary>
    public required int Globals { get; init; }

    /// <summary>Classifiers shared by the signals; their models come last.</summary>
    public required int Heads { get; init; }

    /// <summary>When nothing stirs.</summary>
    public required Rest Rest { get; init; }

    /// <summary>The evidence, in logits, at which an alert is raised.</summary>
    public required float Threshold { get; init; }

    /// <summary>Signals of the data that the model does not use, and why.</summary>
    public required IReadOnlyList<LeftOutSignal> LeftOut { get; init; }
}

/// <summary>A signal that is predicted from the others.</summary>
/// <param name="Signal">Id in the catalogue.</param>
/// <param name="Typical">Its median: stands in for it where a vehicle does not have it.</param>
/// <param name="Scale">Its usual error, in its own unit, on vehicles that the model has not seen.</param>
/// <param name="Reliance">How much the prediction relies on each signal of the window; adds up to 1.</param>
/// <param name="Normal">The signal's evidence at most of nearly all normal steps, in logits.</param>
/// <param name="Usual">Per statistic of the signal, what is usual.</param>
public sealed record VirtualSensor(uint Signal, float Typical, float Scale, float[] Reliance, float Normal, Usual[] Usual);

/// <summary>A signal that is in the data but not in the model.</summary>
public sealed record LeftOutSignal(uint Signal, string Reason);
