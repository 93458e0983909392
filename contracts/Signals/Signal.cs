namespace Kappa.Iot.Contracts;

/// <summary>A quantity that vehicles report.</summary>
/// <param name="Id">Number in a <see cref="SignalColumn"/>; never reused.</param>
/// <param name="Path">COVESA VSS path (4.x, with the OBD overlay), or one under <c>Kappa.</c> where VSS has none.</param>
/// <param name="Label">Short name for people.</param>
/// <param name="Unit">Unit of the values, as people write it.</param>
/// <param name="Min">Lowest value a working vehicle shows.</param>
/// <param name="Max">Highest value a working vehicle shows.</param>
/// <param name="System">The part of the vehicle an oddity of this signal points to.</param>
public sealed record Signal(uint Id, string Path, string Label, string Unit, float Min, float Max, AlertType System)
{
    /// <summary>Step of the sensor's own scale, 0 where it has none worth knowing.</summary>
    public float Resolution { get; init; }

    /// <summary>False for what says nothing about the vehicle's health: where it is, how far it went, what runs on it.</summary>
    public bool Scored { get; init; } = true;
}
